select c.data.items[0].price::decimal(10,2), i.name from customers c, c.data.items as i;
