-- A test is a query for what should not be: the counts of customer_orders and of stg_orders differ.
select counted.orders, ordered.orders as expected
from (select sum(orders) as orders from {{ ref('customer_orders') }}) as counted
cross join (select count(*) as orders from {{ ref('stg_orders') }}) as ordered
where counted.orders <> ordered.orders
