select id from "dev"."analytics"."orders";
