-- The macro stands in a file that is wrong.
select {{ double('id') }} from {{ ref('customers') }}
