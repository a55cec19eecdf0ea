select 1 as id,
  {{ var('n', 1) } as n
