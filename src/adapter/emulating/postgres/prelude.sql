-- Functions that translated SQL calls on PostgreSQL, in the schema `__rs`. Small ones are in plain SQL, so that the server
-- puts their body in the place of the call. Overloads tell a text (`text`) from any other value (`anyelement`): the server
-- chooses by the type of the argument when it reads the query.

create schema if not exists __rs;

-- Trailing blanks do not count.
create or replace function __rs.key(text) returns text language sql immutable parallel safe as $$ select rtrim($1, ' ') $$;
create or replace function __rs.key(anyelement) returns anyelement language sql immutable parallel safe as $$ select $1 $$;

create or replace function __rs.fail(message text) returns text language plpgsql immutable parallel safe as $$
begin
  raise exception using message = message, errcode = 'data_exception';
end $$;

-- The text is an argument, so that the server does not call this while it plans.
create or replace function __rs.padded(text) returns text language sql immutable parallel safe as $$
  select __rs.fail(left($1, 0) || 'a text that ends in a blank is compared here, where blanks count on PostgreSQL and do not on Redshift: write `rtrim(…)` around it') $$;
create or replace function __rs.unpadded(text) returns text language sql immutable parallel safe as $$
  select case when right($1, 1) = ' ' then __rs.padded($1) else $1 end $$;
create or replace function __rs.unpadded(anyelement) returns anyelement language sql immutable parallel safe as $$ select $1 $$;
create or replace function __rs.is_unpadded(text) returns boolean language sql immutable parallel safe as $$
  select case when right($1, 1) = ' ' then __rs.padded($1) is null else true end $$;
create or replace function __rs.is_unpadded(anyelement) returns boolean language sql immutable parallel safe as $$ select true $$;
-- Whether no text of a row ends in a blank: such a text stands in quotes in the row's own text.
create or replace function __rs.unpadded_row(text) returns boolean language sql immutable parallel safe as $$
  select case when $1 ~ ' "[,)]' then __rs.padded($1) is null else true end $$;

-- Any value of a group.
create or replace function __rs.first(anyelement, anyelement) returns anyelement language sql immutable parallel safe as $$
  select coalesce($1, $2) $$;
do $$ begin
  if to_regprocedure('__rs.any_value(anyelement)') is null then
    create aggregate __rs.any_value(anyelement) (sfunc = __rs.first, stype = anyelement, combinefunc = __rs.first, parallel = safe);
  end if;
end $$;

-- No text is longer than `varchar(max)`.
create or replace function __rs.sized(text) returns text language sql immutable parallel safe as $$
  select case when octet_length($1) > 65535 then __rs.fail(left($1, 0) || 'a text of more than 65535 bytes') else $1 end $$;
-- What `listagg` joins is no longer than a text may be.
create or replace function __rs.listed(text) returns text language sql immutable parallel safe as $$
  select case when octet_length($1) > 65535 then __rs.fail(left($1, 0) || 'Result size exceeds LISTAGG limit') else $1 end $$;

-- Division where only the server knows the types. A quotient of decimals needs their scales, which values do not tell.
create or replace function __rs.divide(smallint, smallint) returns smallint language sql immutable parallel safe as $$ select $1 / $2 $$;
create or replace function __rs.divide(integer, integer) returns integer language sql immutable parallel safe as $$ select $1 / $2 $$;
create or replace function __rs.divide(bigint, bigint) returns bigint language sql immutable parallel safe as $$ select $1 / $2 $$;
create or replace function __rs.divide(double precision, double precision) returns double precision language sql immutable parallel safe as $$ select $1 / $2 $$;
create or replace function __rs.divide(interval, double precision) returns interval language sql immutable parallel safe as $$ select $1 / $2 $$;
create or replace function __rs.divide(numeric, numeric) returns numeric language sql immutable parallel safe as $$
  select __rs.fail('a quotient of decimals whose scales are not known here: cast both sides, `x::decimal(18,2)`')::numeric $$;

-- A quotient rounded to a scale, half away from zero, from one digit more that is cut exactly.
create or replace function __rs.quotient(a numeric, b numeric, digits integer) returns numeric language sql immutable parallel safe as $$
  select round(div(a * ('1e' || (digits + 1))::numeric, b) * ('1e-' || (digits + 1))::numeric, digits) $$;

-- Averages where only the server knows the type, told by the third argument. Of integers they are cut.
create or replace function __rs.mean(bigint, bigint, anyelement) returns bigint language sql immutable parallel safe as $$ select $1 / nullif($2, 0) $$;
create or replace function __rs.mean(numeric, bigint, bigint) returns bigint language sql immutable parallel safe as $$ select div($1, nullif($2, 0)::numeric)::bigint $$;
create or replace function __rs.mean(numeric, bigint, numeric) returns numeric language sql immutable parallel safe as $$ select __rs.quotient($1, nullif($2, 0)::numeric, scale($1)) $$;
create or replace function __rs.mean(double precision, bigint, double precision) returns double precision language sql immutable parallel safe as $$ select $1 / nullif($2, 0) $$;
create or replace function __rs.mean(real, bigint, real) returns double precision language sql immutable parallel safe as $$ select $1::double precision / nullif($2, 0) $$;
create or replace function __rs.mean(interval, bigint, interval) returns interval language sql immutable parallel safe as $$ select $1 / nullif($2, 0) $$;

-- Casts to text.
create or replace function __rs.float_text(double precision) returns text language sql immutable parallel safe set extra_float_digits = 0 as $$
  select $1::text $$;
create or replace function __rs.text(text) returns text language sql immutable parallel safe as $$ select $1 $$;
create or replace function __rs.text(boolean) returns text language sql immutable parallel safe as $$ select __rs.fail('a boolean does not cast to text on Redshift') $$;
create or replace function __rs.text(double precision) returns text language sql immutable parallel safe as $$ select __rs.float_text($1) $$;
create or replace function __rs.real_text(real) returns text language sql immutable parallel safe set extra_float_digits = 0 as $$
  select $1::text $$;
create or replace function __rs.text(real) returns text language sql immutable parallel safe as $$ select __rs.real_text($1) $$;
create or replace function __rs.text(jsonb) returns text language sql immutable parallel safe as $$ select $1 #>> '{}' $$;
-- Each type on its own: without that a number would be taken for a float.
do $$
declare
  kind text;
begin
  foreach kind in array array['smallint', 'integer', 'bigint', 'numeric', 'date', 'timestamp', 'timestamptz', 'time', 'timetz', 'interval'] loop
    execute format('create or replace function __rs.text(%s) returns text language sql stable parallel safe as $f$ select $1::text $f$', kind);
  end loop;
end $$;
create or replace function __rs.text(anyelement) returns text language sql stable parallel safe as $$ select $1::text $$;

-- The longest start of a text that takes at most so many bytes and cuts no character.
create or replace function __rs.left_bytes(x text, length integer) returns text language plpgsql immutable strict parallel safe as $$
declare
  bytes bytea := convert_to(x, 'UTF8');
  cut integer := length;
begin
  if octet_length(bytes) <= length then
    return x;
  end if;
  while cut > 0 and (get_byte(bytes, cut) & 192) = 128 loop
    cut := cut - 1;
  end loop;
  return convert_from(substring(bytes from 1 for cut), 'UTF8');
end $$;
create or replace function __rs.cut(x text, length integer) returns text language sql immutable parallel safe as $$
  select case when octet_length(x) <= length then x else __rs.left_bytes(x, length) end $$;

-- Casts to whole numbers: floats round half away from zero, texts are digits and nothing else.
create or replace function __rs.whole(double precision) returns double precision language sql immutable parallel safe as $$
  select trunc($1) + case when abs($1 - trunc($1)) >= 0.5 then sign($1) else 0 end $$;
create or replace function __rs.digits(x text) returns text language sql immutable parallel safe as $$
  select case when x is null or x ~ '^ *[+-]?[0-9]+ *$' then btrim(x, ' ') else __rs.fail('invalid digit in the number: ' || x) end $$;
create or replace function __rs.int2(text) returns smallint language sql immutable parallel safe as $$ select __rs.digits($1)::smallint $$;
create or replace function __rs.int2(double precision) returns smallint language sql immutable parallel safe as $$ select __rs.whole($1)::smallint $$;
create or replace function __rs.int2(numeric) returns smallint language sql immutable parallel safe as $$ select $1::smallint $$;
create or replace function __rs.int2(bigint) returns smallint language sql immutable parallel safe as $$ select $1::smallint $$;
create or replace function __rs.int2(boolean) returns smallint language sql immutable parallel safe as $$ select $1::integer::smallint $$;
create or replace function __rs.int4(text) returns integer language sql immutable parallel safe as $$ select __rs.digits($1)::integer $$;
create or replace function __rs.int4(double precision) returns integer language sql immutable parallel safe as $$ select __rs.whole($1)::integer $$;
create or replace function __rs.int4(numeric) returns integer language sql immutable parallel safe as $$ select $1::integer $$;
create or replace function __rs.int4(bigint) returns integer language sql immutable parallel safe as $$ select $1::integer $$;
create or replace function __rs.int4(integer) returns integer language sql immutable parallel safe as $$ select $1 $$;
create or replace function __rs.int4(smallint) returns integer language sql immutable parallel safe as $$ select $1::integer $$;
create or replace function __rs.int4(boolean) returns integer language sql immutable parallel safe as $$ select $1::integer $$;
create or replace function __rs.int8(text) returns bigint language sql immutable parallel safe as $$ select __rs.digits($1)::bigint $$;
create or replace function __rs.int8(double precision) returns bigint language sql immutable parallel safe as $$ select __rs.whole($1)::bigint $$;
create or replace function __rs.int8(numeric) returns bigint language sql immutable parallel safe as $$ select $1::bigint $$;
create or replace function __rs.int8(bigint) returns bigint language sql immutable parallel safe as $$ select $1 $$;
create or replace function __rs.int8(integer) returns bigint language sql immutable parallel safe as $$ select $1::bigint $$;
create or replace function __rs.int8(smallint) returns bigint language sql immutable parallel safe as $$ select $1::bigint $$;
create or replace function __rs.int8(boolean) returns bigint language sql immutable parallel safe as $$ select $1::integer::bigint $$;

-- Texts as dates and times. A timestamp without a zone ignores the one in its text.
create or replace function __rs.moment_text(x text) returns text language sql immutable parallel safe as $$
  select case when x is null or lower(btrim(x)) = 'epoch' or (x ~ '[0-9]{4}' and x !~* '(now|today|tomorrow|yesterday|infinity|allballs|bc|julian)')
    then x else __rs.fail('invalid date or timestamp: "' || x || '"') end $$;
create or replace function __rs.moment(x text) returns timestamp language sql immutable parallel safe set datestyle = 'ISO, MDY' as $$
  select __rs.moment_text(x)::timestamp $$;
create or replace function __rs.moment_zoned(x text) returns timestamptz language sql immutable parallel safe set datestyle = 'ISO, MDY' set timezone = 'UTC' as $$
  select __rs.moment_text(x)::timestamptz $$;
create or replace function __rs.date(text) returns date language sql immutable parallel safe as $$ select __rs.moment($1)::date $$;
create or replace function __rs.date(date) returns date language sql immutable parallel safe as $$ select $1 $$;
create or replace function __rs.date(timestamp) returns date language sql immutable parallel safe as $$ select $1::date $$;
create or replace function __rs.date(timestamptz) returns date language sql immutable parallel safe as $$ select ($1 at time zone 'UTC')::date $$;
create or replace function __rs.timestamp(text) returns timestamp language sql immutable parallel safe as $$ select __rs.moment($1) $$;
create or replace function __rs.timestamp(date) returns timestamp language sql immutable parallel safe as $$ select $1::timestamp $$;
create or replace function __rs.timestamp(timestamp) returns timestamp language sql immutable parallel safe as $$ select $1 $$;
create or replace function __rs.timestamp(timestamptz) returns timestamp language sql immutable parallel safe as $$ select $1 at time zone 'UTC' $$;
create or replace function __rs.timestamptz(text) returns timestamptz language sql immutable parallel safe as $$ select __rs.moment_zoned($1) $$;
create or replace function __rs.timestamptz(date) returns timestamptz language sql immutable parallel safe as $$ select $1::timestamp at time zone 'UTC' $$;
create or replace function __rs.timestamptz(timestamp) returns timestamptz language sql immutable parallel safe as $$ select $1 at time zone 'UTC' $$;
create or replace function __rs.timestamptz(timestamptz) returns timestamptz language sql immutable parallel safe as $$ select $1 $$;

-- Strings.
create or replace function __rs.count(n bigint) returns integer language sql immutable parallel safe as $$
  select case when n < 0 then __rs.fail(left(n::text, 0) || 'negative substring length not allowed')::integer else n::integer end $$;
create or replace function __rs.substring(x text, start bigint, length bigint) returns text language sql immutable parallel safe as $$
  select case when length < 0 then __rs.fail(left(length::text, 0) || 'negative substring length not allowed') when start < 1 then substring(x, 1, greatest(length + start - 1, 0)::integer) else substring(x, start::integer, length::integer) end $$;
create or replace function __rs.substring_from(x text, start bigint) returns text language sql immutable parallel safe as $$
  select case when start < 1 then x else substring(x, start::integer) end $$;
create or replace function __rs.split_part(x text, delimiter text, part bigint) returns text language sql immutable parallel safe as $$
  select case when part < 1 then __rs.fail(left(part::text, 0) || 'the part of split_part counts from 1') else split_part(x, delimiter, part::integer) end $$;
-- Upper and lower case of all letters, whatever the locale of the database.
do $$
declare
  name text := (select quote_ident(n.nspname) || '.' || quote_ident(c.collname) from pg_collation c join pg_namespace n on n.oid = c.collnamespace
    where c.collname in ('pg_c_utf8', 'C.utf8', 'C.UTF-8', 'und-x-icu', 'en_US.utf8') and n.nspname = 'pg_catalog'
      and c.collencoding in (-1, (select encoding from pg_database where datname = current_database()))
    order by array_position(array['pg_c_utf8', 'C.utf8', 'C.UTF-8', 'und-x-icu', 'en_US.utf8'], c.collname::text) limit 1);
begin
  if name is null then
    name := '"default"';
  end if;
  execute format('create or replace function __rs.upper(text) returns text language sql immutable parallel safe as $f$ select upper($1 collate %s) collate "C" $f$', name);
  execute format('create or replace function __rs.lower(text) returns text language sql immutable parallel safe as $f$ select lower($1 collate %s) collate "C" $f$', name);
  execute format('create or replace function __rs.initcap(text) returns text language sql immutable parallel safe as $f$ select initcap($1 collate %s) collate "C" $f$', name);
end $$;

-- Numbers. Each whole number keeps its type: without an overload of its own it would become a float.
do $$
declare
  kind text;
begin
  foreach kind in array array['smallint', 'integer', 'bigint'] loop
    execute format('create or replace function __rs.ceil(%1$s) returns %1$s language sql immutable parallel safe as $f$ select $1 $f$', kind);
    execute format('create or replace function __rs.floor(%1$s) returns %1$s language sql immutable parallel safe as $f$ select $1 $f$', kind);
    execute format('create or replace function __rs.round(%1$s) returns %1$s language sql immutable parallel safe as $f$ select $1 $f$', kind);
    execute format('create or replace function __rs.trunc(%1$s) returns %1$s language sql immutable parallel safe as $f$ select $1 $f$', kind);
    execute format('create or replace function __rs.round(%1$s, integer) returns %1$s language sql immutable parallel safe as $f$ select pg_catalog.round($1::numeric, $2)::%1$s $f$', kind);
    execute format('create or replace function __rs.trunc(%1$s, integer) returns %1$s language sql immutable parallel safe as $f$ select pg_catalog.trunc($1::numeric, $2)::%1$s $f$', kind);
  end loop;
end $$;
create or replace function __rs.ceil(numeric) returns numeric language sql immutable parallel safe as $$ select pg_catalog.ceil($1) $$;
create or replace function __rs.ceil(double precision) returns double precision language sql immutable parallel safe as $$ select pg_catalog.ceil($1) $$;
create or replace function __rs.floor(numeric) returns numeric language sql immutable parallel safe as $$ select pg_catalog.floor($1) $$;
create or replace function __rs.floor(double precision) returns double precision language sql immutable parallel safe as $$ select pg_catalog.floor($1) $$;
create or replace function __rs.round(numeric) returns numeric language sql immutable parallel safe as $$ select pg_catalog.round($1) $$;
create or replace function __rs.round(double precision) returns double precision language sql immutable parallel safe as $$ select __rs.whole($1) $$;
create or replace function __rs.round(numeric, integer) returns numeric language sql immutable parallel safe as $$ select pg_catalog.round($1, $2) $$;
create or replace function __rs.round(double precision, integer) returns double precision language sql immutable parallel safe as $$ select pg_catalog.round($1::numeric, $2)::double precision $$;
create or replace function __rs.trunc(numeric) returns numeric language sql immutable parallel safe as $$ select pg_catalog.trunc($1) $$;
create or replace function __rs.trunc(double precision) returns double precision language sql immutable parallel safe as $$ select pg_catalog.trunc($1) $$;
create or replace function __rs.trunc(date) returns date language sql immutable parallel safe as $$ select $1 $$;
create or replace function __rs.trunc(timestamp) returns date language sql immutable parallel safe as $$ select $1::date $$;
create or replace function __rs.trunc(timestamptz) returns date language sql immutable parallel safe as $$ select ($1 at time zone 'UTC')::date $$;
create or replace function __rs.trunc(numeric, integer) returns numeric language sql immutable parallel safe as $$ select pg_catalog.trunc($1, $2) $$;
create or replace function __rs.round(real, integer) returns real language sql immutable parallel safe as $$ select pg_catalog.round($1::numeric, $2)::real $$;
create or replace function __rs.trunc(real, integer) returns real language sql immutable parallel safe as $$ select pg_catalog.trunc($1::numeric, $2)::real $$;
create or replace function __rs.trunc(double precision, integer) returns double precision language sql immutable parallel safe as $$ select pg_catalog.trunc($1::numeric, $2)::double precision $$;

-- Dates and times.
create or replace function __rs.last_day(timestamp) returns date language sql immutable parallel safe as $$
  select (date_trunc('month', $1) + interval '1 month' - interval '1 day')::date $$;
create or replace function __rs.add_months(x timestamp, n bigint) returns timestamp language sql immutable parallel safe as $$
  select case when x::date = __rs.last_day(x) then __rs.last_day(date_trunc('month', x) + n * interval '1 month') + (x - date_trunc('day', x))
    else x + n * interval '1 month' end $$;
-- Months on from a date are a date.
create or replace function __rs.months_on(date, interval) returns date language sql immutable parallel safe as $$ select ($1 + $2)::date $$;
create or replace function __rs.months_on(timestamp, interval) returns timestamp language sql immutable parallel safe as $$ select $1 + $2 $$;
create or replace function __rs.months_on(timestamptz, interval) returns timestamptz language sql immutable parallel safe as $$ select ($1 at time zone 'UTC' + $2) at time zone 'UTC' $$;
create or replace function __rs.months_between(a timestamp, b timestamp) returns double precision language sql immutable parallel safe as $$
  select (date_part('year', a) - date_part('year', b)) * 12 + date_part('month', a) - date_part('month', b) + case
    when date_part('day', a) = date_part('day', b) or (a::date = __rs.last_day(a) and b::date = __rs.last_day(b)) then 0.0::double precision
    else (date_part('day', a) - date_part('day', b) + (date_part('epoch', a - date_trunc('day', a)) - date_part('epoch', b - date_trunc('day', b))) / 86400) / 31 end $$;
create or replace function __rs.date_part(part text, x timestamp) returns bigint language sql immutable parallel safe as $$
  select case part
    when 'millisecond' then floor(date_part('milliseconds', x))::bigint % 1000
    when 'microsecond' then round(date_part('microseconds', x))::bigint % 1000000
    when 'decade' then floor(pg_catalog.date_part('decade', x))::bigint + 1
    else floor(pg_catalog.date_part(part, x))::bigint end $$;
create or replace function __rs.date_part(part text, x timestamptz) returns bigint language sql immutable parallel safe as $$ select __rs.date_part(part, x at time zone 'UTC') $$;
create or replace function __rs.date_part(part text, x date) returns bigint language sql immutable parallel safe as $$ select __rs.date_part(part, x::timestamp) $$;
create or replace function __rs.date_part(part text, x timetz) returns bigint language sql immutable parallel safe as $$ select __rs.date_part(part, date '1970-01-01' + (x at time zone 'UTC')::time) $$;
create or replace function __rs.date_part(part text, x interval) returns bigint language sql immutable parallel safe as $$ select floor(pg_catalog.date_part(part, x))::bigint $$;
create or replace function __rs.date_part(part text, x text) returns bigint language sql immutable parallel safe as $$ select __rs.date_part(part, __rs.moment(x)) $$;
create or replace function __rs.date_trunc(part text, x timestamp) returns timestamp language sql immutable parallel safe as $$ select pg_catalog.date_trunc(part, x) $$;
create or replace function __rs.date_trunc(part text, x timestamptz) returns timestamptz language sql immutable parallel safe as $$ select pg_catalog.date_trunc(part, x at time zone 'UTC') at time zone 'UTC' $$;
create or replace function __rs.date_trunc(part text, x date) returns timestamp language sql immutable parallel safe as $$ select pg_catalog.date_trunc(part, x::timestamp) $$;
create or replace function __rs.date_trunc(part text, x text) returns timestamp language sql immutable parallel safe as $$ select pg_catalog.date_trunc(part, __rs.moment(x)) $$;
create or replace function __rs.date_diff(part text, a timestamp, b timestamp) returns bigint language sql immutable parallel safe as $$
  select case part
    when 'millennium' then __rs.date_part('millennium', b) - __rs.date_part('millennium', a)
    when 'century' then __rs.date_part('century', b) - __rs.date_part('century', a)
    when 'decade' then __rs.date_part('decade', b) - __rs.date_part('decade', a)
    when 'year' then __rs.date_part('year', b) - __rs.date_part('year', a)
    when 'quarter' then (__rs.date_part('year', b) - __rs.date_part('year', a)) * 4 + __rs.date_part('quarter', b) - __rs.date_part('quarter', a)
    when 'month' then (__rs.date_part('year', b) - __rs.date_part('year', a)) * 12 + __rs.date_part('month', b) - __rs.date_part('month', a)
    when 'day' then b::date - a::date
    when 'hour' then (date_part('epoch', date_trunc('hour', b)) - date_part('epoch', date_trunc('hour', a)))::bigint / 3600
    when 'minute' then (date_part('epoch', date_trunc('minute', b)) - date_part('epoch', date_trunc('minute', a)))::bigint / 60
    when 'second' then (date_part('epoch', date_trunc('second', b)) - date_part('epoch', date_trunc('second', a)))::bigint
    when 'millisecond' then round((extract(epoch from date_trunc('milliseconds', b))::numeric - extract(epoch from date_trunc('milliseconds', a))::numeric) * 1000)::bigint
    when 'microsecond' then round((extract(epoch from b - a)::numeric) * 1000000)::bigint
  end $$;

-- JSON in texts.
create or replace function __rs.json_valid(x text) returns boolean language plpgsql immutable strict parallel safe as $$
begin
  perform x::json;
  return true;
exception when others then
  return false;
end $$;

-- Regular expressions.
create or replace function __rs.regexp_count(x text, pattern text, flags text) returns integer language sql immutable parallel safe as $$
  select case when x is not null then (select count(*)::integer from regexp_matches(x, pattern, 'g' || flags)) end $$;
create or replace function __rs.regexp_substr(x text, pattern text, occurrence bigint, flags text) returns text language sql immutable parallel safe as $$
  select case when x is not null then coalesce((select m[1] from regexp_matches(x, pattern, 'g' || flags) with ordinality as f(m, n) where n = occurrence), '') end $$;
create or replace function __rs.regexp_instr(x text, pattern text, start bigint, occurrence bigint) returns integer language sql immutable parallel safe as $$
  select case when x is not null then coalesce((
    select (greatest(start, 1) + sum(length(piece)) + coalesce(sum(length(m[1])) filter (where f.n < occurrence), 0))::integer
    from regexp_split_to_table(substring(x, greatest(start, 1)::integer), pattern) with ordinality as p(piece, n)
    join regexp_matches(substring(x, greatest(start, 1)::integer), '(' || pattern || ')', 'g') with ordinality as f(m, n) on f.n = p.n
    where p.n <= occurrence having count(*) = occurrence), 0) end $$;

grant usage on schema __rs to public;

-- How far bits are moved.
create or replace function __rs.bits(n bigint, width integer) returns bigint language sql immutable parallel safe as $$
  select case when n < 0 or n >= width then __rs.fail(left(n::text, 0) || 'a shift by more bits than a number has')::bigint else n end $$;
-- A text for a `char`, which holds no letters of several bytes.
create or replace function __rs.single_bytes(text) returns text language sql immutable parallel safe as $$
  select case when octet_length($1) <> char_length($1) then __rs.fail(left($1, 0) || 'a char holds characters of one byte') else $1 end $$;
