-- first; not a statement
select 'a;b' /* ; */ as x;
;
select 2;
