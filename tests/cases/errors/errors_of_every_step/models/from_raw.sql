-- The source is declared in a file that cannot be read: nothing is said about it here.
select * from {{ source('raw', 'events') }}
