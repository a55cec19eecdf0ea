SELECT "MyCol", t.[Other] AS "Third Column" FROM "Analytics"."Orders" t;
