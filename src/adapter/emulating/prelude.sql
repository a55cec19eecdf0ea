-- Macros that translated SQL calls. They live in an attached in-memory database, never in the user's file.
-- A `typeof` is known when a query is planned: DuckDB drops the branches that are not taken.

CREATE MACRO IF NOT EXISTS __rs.main.key(x VARCHAR) AS rtrim(x, ' '), (x) AS x;

-- A value that is compared with a text, and must be one.
CREATE MACRO IF NOT EXISTS __rs.main.only_text(x) AS CASE WHEN typeof(x) IN ('VARCHAR', '"NULL"') THEN CAST(x AS VARCHAR) ELSE error('a text is compared with a value that is none (' || lower(typeof(x)) || '), and no page of Redshift tells which of them is cast: cast one side') END;

-- A value by which rows are grouped where blanks cannot be left out of the comparison.
CREATE MACRO IF NOT EXISTS __rs.main.padded() AS error('a text that ends in a blank is compared here, where blanks count on DuckDB and do not on Redshift: write `rtrim(…)` around it');
CREATE MACRO IF NOT EXISTS __rs.main.unpadded(x) AS CASE WHEN typeof(x) = 'VARCHAR' AND ends_with(CAST(x AS VARCHAR), ' ') THEN __rs.main.padded() ELSE x END;

CREATE MACRO IF NOT EXISTS __rs.main.eq(a, b) AS CASE WHEN typeof(a) = 'VARCHAR' AND typeof(b) = 'VARCHAR' THEN rtrim(CAST(a AS VARCHAR), ' ') = rtrim(CAST(b AS VARCHAR), ' ') ELSE a = b END;
CREATE MACRO IF NOT EXISTS __rs.main.ne(a, b) AS CASE WHEN typeof(a) = 'VARCHAR' AND typeof(b) = 'VARCHAR' THEN rtrim(CAST(a AS VARCHAR), ' ') <> rtrim(CAST(b AS VARCHAR), ' ') ELSE a <> b END;
CREATE MACRO IF NOT EXISTS __rs.main.lt(a, b) AS CASE WHEN typeof(a) = 'VARCHAR' AND typeof(b) = 'VARCHAR' THEN rtrim(CAST(a AS VARCHAR), ' ') < rtrim(CAST(b AS VARCHAR), ' ') ELSE a < b END;
CREATE MACRO IF NOT EXISTS __rs.main.le(a, b) AS CASE WHEN typeof(a) = 'VARCHAR' AND typeof(b) = 'VARCHAR' THEN rtrim(CAST(a AS VARCHAR), ' ') <= rtrim(CAST(b AS VARCHAR), ' ') ELSE a <= b END;
CREATE MACRO IF NOT EXISTS __rs.main.gt(a, b) AS CASE WHEN typeof(a) = 'VARCHAR' AND typeof(b) = 'VARCHAR' THEN rtrim(CAST(a AS VARCHAR), ' ') > rtrim(CAST(b AS VARCHAR), ' ') ELSE a > b END;
CREATE MACRO IF NOT EXISTS __rs.main.ge(a, b) AS CASE WHEN typeof(a) = 'VARCHAR' AND typeof(b) = 'VARCHAR' THEN rtrim(CAST(a AS VARCHAR), ' ') >= rtrim(CAST(b AS VARCHAR), ' ') ELSE a >= b END;

CREATE MACRO IF NOT EXISTS __rs.main.months_on(x DATE, y) AS CAST(x + y AS DATE), (x, y) AS x + y;
CREATE MACRO IF NOT EXISTS __rs.main.from_one(x) AS CASE WHEN x < 1 THEN error('`nth_value` counts from 1') ELSE x END;
CREATE MACRO IF NOT EXISTS __rs.main.of_bits(x) AS CASE WHEN strlen(x) % 8 = 0 THEN CAST(CAST(x AS BIT) AS BLOB) ELSE error('the bits of bytes are a multiple of 8') END;
CREATE MACRO IF NOT EXISTS __rs.main.bytes_within(x, n) AS CASE WHEN octet_length(x) > n THEN error('bytes do not fit their `varbyte`, and no page of Redshift tells whether it cuts them: write `substring`') ELSE x END;
CREATE MACRO IF NOT EXISTS __rs.main.divisor(x) AS CASE WHEN x = 0 THEN error('division by zero') ELSE x END;
CREATE MACRO IF NOT EXISTS __rs.main.type_precision(t) AS CASE WHEN t LIKE 'DECIMAL%' THEN CAST(regexp_extract(t, '([0-9]+),', 1) AS INTEGER) WHEN t IN ('SMALLINT', 'TINYINT') THEN 5 WHEN t = 'INTEGER' THEN 10 ELSE 19 END;
CREATE MACRO IF NOT EXISTS __rs.main.type_scale(t) AS CASE WHEN t LIKE 'DECIMAL%' THEN CAST(regexp_extract(t, ',([0-9]+)', 1) AS INTEGER) ELSE 0 END;
-- The scale of a quotient of decimals; 400, which rounds nothing, for other numbers.
CREATE MACRO IF NOT EXISTS __rs.main.quotient_scale(a, b) AS CASE
  WHEN a IN ('DOUBLE', 'FLOAT') OR b IN ('DOUBLE', 'FLOAT') OR NOT (a LIKE 'DECIMAL%' OR b LIKE 'DECIMAL%') THEN 400
  ELSE least(greatest(4, __rs.main.type_scale(a) + __rs.main.type_precision(b) - __rs.main.type_scale(b) + 1), greatest(4, 38 - (__rs.main.type_precision(a) - __rs.main.type_scale(a) + __rs.main.type_scale(b)))) END;
CREATE MACRO IF NOT EXISTS __rs.main.quotient_type(a, b) AS CASE
  WHEN a IN ('DOUBLE', 'FLOAT') OR b IN ('DOUBLE', 'FLOAT') THEN 'DOUBLE'
  WHEN NOT (a LIKE 'DECIMAL%' OR b LIKE 'DECIMAL%') THEN CASE WHEN a = 'INTEGER' AND b = 'INTEGER' THEN 'INTEGER' ELSE 'BIGINT' END
  ELSE 'DECIMAL(' || least(38, __rs.main.type_precision(a) - __rs.main.type_scale(a) + __rs.main.type_scale(b) + __rs.main.quotient_scale(a, b)) || ',' || __rs.main.quotient_scale(a, b) || ')' END;
CREATE MACRO IF NOT EXISTS __rs.main.divide_as(a, b, type_a, type_b) AS round(a / __rs.main.divisor(b), __rs.main.quotient_scale(type_a, type_b));
CREATE MACRO IF NOT EXISTS __rs.main.divide(a, b) AS round(a / __rs.main.divisor(b), __rs.main.quotient_scale(typeof(a), typeof(b)));
CREATE MACRO IF NOT EXISTS __rs.main.mean(total, number) AS round(total / nullif(number, 0), CASE WHEN typeof(total) LIKE 'DECIMAL%' THEN __rs.main.type_scale(typeof(total)) ELSE 400 END);
-- Bigints sum to a decimal, which divides as decimals do.
CREATE MACRO IF NOT EXISTS __rs.main.summand(x BIGINT) AS CAST(x AS DECIMAL(38, 0)), (x INTEGER) AS x, (x SMALLINT) AS x, (x) AS x;

-- Values of `super`. A step or a cast that does not fit gives NULL, as in Redshift's lax mode; an array or object is no text.
CREATE MACRO IF NOT EXISTS __rs.main.super_text(x) AS json_extract_string(x, '$');
CREATE MACRO IF NOT EXISTS __rs.main.super_kind(x) AS CASE WHEN json_type(x) IN ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN 'number' WHEN json_type(x) = 'NULL' THEN NULL ELSE json_type(x) END;
CREATE MACRO IF NOT EXISTS __rs.main.super_scalar(x) AS CASE WHEN json_type(x) NOT IN ('ARRAY', 'OBJECT') THEN json_extract_string(x, '$') END;
CREATE MACRO IF NOT EXISTS __rs.main.super_whole(x) AS CASE
  WHEN json_type(x) = 'DOUBLE' THEN CAST(TRY_CAST(round(TRY_CAST(__rs.main.super_text(x) AS DOUBLE)) AS HUGEINT) AS VARCHAR)
  WHEN json_type(x) = 'BOOLEAN' THEN CASE __rs.main.super_text(x) WHEN 'true' THEN '1' ELSE '0' END
  WHEN regexp_full_match(__rs.main.super_scalar(x), ' *[+-]?[0-9]+ *') THEN __rs.main.super_text(x) END;
CREATE MACRO IF NOT EXISTS __rs.main.super_number(x) AS CASE WHEN __rs.main.super_kind(x) = 'number' OR json_type(x) = 'VARCHAR' AND NOT contains(__rs.main.super_text(x), '_') THEN __rs.main.super_text(x) END;
CREATE MACRO IF NOT EXISTS __rs.main.super_bool(x) AS CASE
  WHEN json_type(x) IN ('BOOLEAN', 'VARCHAR') THEN CASE WHEN lower(trim(__rs.main.super_text(x))) IN ('t', 'true', 'y', 'yes', '1') THEN true WHEN lower(trim(__rs.main.super_text(x))) IN ('f', 'false', 'n', 'no', '0') THEN false END
  WHEN json_type(x) IN ('UBIGINT', 'BIGINT', 'HUGEINT') THEN __rs.main.super_text(x) <> '0' END;
CREATE MACRO IF NOT EXISTS __rs.main.super_string(x) AS CASE WHEN json_type(x) = 'VARCHAR' THEN json_extract_string(x, '$') END;
CREATE MACRO IF NOT EXISTS __rs.main.super_clock(x) AS CASE WHEN regexp_full_match(__rs.main.super_string(x), ' *[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]+)?)? *') THEN __rs.main.super_string(x) END;
-- A value of another type as a `super`.
CREATE MACRO IF NOT EXISTS __rs.main.super(x) AS CASE WHEN typeof(x) IN ('DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIME', 'TIME WITH TIME ZONE', 'INTERVAL') THEN error('cannot cast type ' || lower(typeof(x)) || ' to super: cast it to varchar') ELSE to_json(x) END;
-- What two values are equal by: numbers, texts and all that is in arrays and objects. Values of two kinds are not equal.
CREATE MACRO IF NOT EXISTS __rs.main.super_key(x) AS __rs_json_key(CAST(x AS VARCHAR));
CREATE MACRO IF NOT EXISTS __rs.main.super_ne(a, b) AS CASE WHEN __rs.main.super_kind(a) = __rs.main.super_kind(b) THEN __rs.main.super_key(a) <> __rs.main.super_key(b)
  WHEN __rs.main.super_kind(a) <> __rs.main.super_kind(b) THEN error('`<>` finds values of two kinds, and Redshift does not tell what it answers then: cast the super value, or write `not (a = b)`') END;
CREATE MACRO IF NOT EXISTS __rs.main.super_order(a, b) AS CASE WHEN __rs.main.super_kind(a) = __rs.main.super_kind(b) THEN CASE __rs.main.super_kind(a)
  WHEN 'number' THEN CASE WHEN 'DOUBLE' IN (json_type(a), json_type(b)) THEN sign(TRY_CAST(__rs.main.super_text(a) AS DOUBLE) - TRY_CAST(__rs.main.super_text(b) AS DOUBLE)) ELSE sign(TRY_CAST(__rs.main.super_text(a) AS HUGEINT) - TRY_CAST(__rs.main.super_text(b) AS HUGEINT)) END
  WHEN 'VARCHAR' THEN CASE WHEN rtrim(__rs.main.super_text(a), ' ') < rtrim(__rs.main.super_text(b), ' ') THEN -1 WHEN rtrim(__rs.main.super_text(a), ' ') = rtrim(__rs.main.super_text(b), ' ') THEN 0 ELSE 1 END
  WHEN 'BOOLEAN' THEN CAST(__rs.main.super_text(a) = 'true' AS INTEGER) - CAST(__rs.main.super_text(b) = 'true' AS INTEGER)
  ELSE error('an array or object is smaller or larger than nothing that is known here') END END;

CREATE MACRO IF NOT EXISTS __rs.main.text(x) AS CASE
  WHEN typeof(x) = 'BOOLEAN' THEN error('a boolean does not cast to text on Redshift')
  WHEN typeof(x) = 'DOUBLE' THEN __rs_float_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
  WHEN typeof(x) = 'FLOAT' THEN __rs_real_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
  WHEN typeof(x) = 'JSON' THEN __rs.main.super_scalar(TRY_CAST(CAST(x AS VARCHAR) AS JSON))
  ELSE CAST(x AS VARCHAR) END;
-- A text as a column of a length stores it: blanks beyond the length are cut.
CREATE MACRO IF NOT EXISTS __rs.main.fit(x, n) AS CASE WHEN strlen(x) > n AND strlen(rtrim(x, ' ')) <= n THEN __rs_left_bytes(x, n) ELSE x END;
-- No text is longer than `varchar(max)`.
CREATE MACRO IF NOT EXISTS __rs.main.sized(x) AS CASE WHEN strlen(x) > 65535 THEN error('a text of more than 65535 bytes') ELSE x END;
CREATE MACRO IF NOT EXISTS __rs.main.repeat(x, n) AS CASE WHEN strlen(x) * CAST(n AS BIGINT) > 65535 THEN error('a text of more than 65535 bytes') ELSE repeat(x, n) END;
CREATE MACRO IF NOT EXISTS __rs.main.lpad(x, n, fill) AS CASE WHEN CAST(n AS BIGINT) > 65535 THEN error('a text of more than 65535 bytes') WHEN fill = '' THEN left(x, greatest(n, 0)) ELSE __rs.main.sized(lpad(x, n, fill)) END;
CREATE MACRO IF NOT EXISTS __rs.main.rpad(x, n, fill) AS CASE WHEN CAST(n AS BIGINT) > 65535 THEN error('a text of more than 65535 bytes') WHEN fill = '' THEN left(x, greatest(n, 0)) ELSE __rs.main.sized(rpad(x, n, fill)) END;
CREATE MACRO IF NOT EXISTS __rs.main.to_hex(x) AS lower(to_hex(CASE WHEN typeof(x) IN ('INTEGER', 'SMALLINT') THEN CAST(x AS BIGINT) & 4294967295 ELSE CAST(x AS BIGINT) END));
CREATE MACRO IF NOT EXISTS __rs.main.cut(x, n) AS CASE WHEN strlen(x) <= n THEN x ELSE __rs_left_bytes(x, n) END;
CREATE MACRO IF NOT EXISTS __rs.main.digits(x) AS CASE WHEN regexp_full_match(x, ' *[+-]?[0-9]+ *') THEN x ELSE error('invalid digit in the number: ' || x) END;
CREATE MACRO IF NOT EXISTS __rs.main.whole(x) AS CASE
  WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(CAST(round(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) AS HUGEINT) AS VARCHAR)
  WHEN typeof(x) = 'VARCHAR' THEN CASE WHEN x IS NOT NULL THEN __rs.main.digits(CAST(x AS VARCHAR)) END
  WHEN typeof(x) = 'JSON' THEN __rs.main.super_whole(TRY_CAST(CAST(x AS VARCHAR) AS JSON)) END;
CREATE MACRO IF NOT EXISTS __rs.main.int2(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT', 'VARCHAR', 'JSON') THEN CAST(__rs.main.whole(x) AS SMALLINT) ELSE CAST(x AS SMALLINT) END;
CREATE MACRO IF NOT EXISTS __rs.main.int4(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT', 'VARCHAR', 'JSON') THEN CAST(__rs.main.whole(x) AS INTEGER) ELSE CAST(x AS INTEGER) END;
CREATE MACRO IF NOT EXISTS __rs.main.int8(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT', 'VARCHAR', 'JSON') THEN CAST(__rs.main.whole(x) AS BIGINT) ELSE CAST(x AS BIGINT) END;

-- Texts are read in Redshift's styles, and their zone is ignored where the type has none.
CREATE MACRO IF NOT EXISTS __rs.main.plain_text(x) AS CASE WHEN typeof(x) = 'JSON' THEN json_extract_string(TRY_CAST(CAST(x AS VARCHAR) AS JSON), '$') ELSE CAST(x AS VARCHAR) END;
CREATE MACRO IF NOT EXISTS __rs.main.date(x) AS CASE WHEN typeof(x) IN ('VARCHAR', 'JSON') THEN CAST(__rs_moment(__rs.main.plain_text(x)) AS DATE) ELSE CAST(x AS DATE) END;
CREATE MACRO IF NOT EXISTS __rs.main.timestamp(x) AS CASE WHEN typeof(x) IN ('VARCHAR', 'JSON') THEN CAST(__rs_moment(__rs.main.plain_text(x)) AS TIMESTAMP) ELSE CAST(x AS TIMESTAMP) END;
-- DuckDB leaves out what follows the seconds.
CREATE MACRO IF NOT EXISTS __rs.main.clock(x) AS CASE WHEN x IS NULL OR regexp_full_match(x, ' *[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]+)?)? *') THEN x ELSE error('not a time of day that is emulated: ' || x) END;
CREATE MACRO IF NOT EXISTS __rs.main.time(x) AS CASE WHEN typeof(x) IN ('VARCHAR', 'JSON') THEN CAST(__rs.main.clock(__rs.main.plain_text(x)) AS TIME) ELSE CAST(x AS TIME) END;
CREATE MACRO IF NOT EXISTS __rs.main.timestamptz(x) AS CASE WHEN typeof(x) IN ('VARCHAR', 'JSON') THEN CAST(__rs_moment_zoned(__rs.main.plain_text(x)) AS TIMESTAMPTZ) ELSE CAST(x AS TIMESTAMPTZ) END;

-- The value between two others: of decimals by doubles, as DuckDB cuts it at their scale.
CREATE MACRO IF NOT EXISTS __rs.main.between(x DATE) AS x, (x TIMESTAMP) AS x, (x TIMESTAMPTZ) AS x, (x INTERVAL) AS x, (x TIME) AS x, (x) AS CAST(CASE WHEN typeof(x) LIKE 'DECIMAL%' AND __rs.main.type_precision(typeof(x)) > 15 THEN error('a percentile of decimals of more than 15 digits whose type is not known here: cast the value') ELSE x END AS DOUBLE);
-- How far bits are moved.
CREATE MACRO IF NOT EXISTS __rs.main.bits(n, width) AS CASE WHEN n < 0 OR n >= width THEN error('a shift by more bits than a number has') ELSE n END;
-- A text for a `char`, which holds no letters of several bytes.
CREATE MACRO IF NOT EXISTS __rs.main.single_bytes(x) AS CASE WHEN strlen(x) <> length(x) THEN error('a char holds characters of one byte: ' || x) ELSE x END;
CREATE MACRO IF NOT EXISTS __rs.main.count(n) AS CASE WHEN n < 0 THEN error('negative substring length not allowed') ELSE n END;
CREATE MACRO IF NOT EXISTS __rs.main.substring(x, start, length) AS CASE WHEN length < 0 THEN error('negative substring length not allowed') WHEN start < 1 THEN substring(x, 1, greatest(length + start - 1, 0)) ELSE substring(x, start, length) END;
CREATE MACRO IF NOT EXISTS __rs.main.substring_from(x, start) AS CASE WHEN start < 1 THEN x ELSE substring(x, start) END;
CREATE MACRO IF NOT EXISTS __rs.main.split_part(x, delimiter, part) AS CASE WHEN part < 1 THEN error('the part of split_part counts from 1') ELSE split_part(x, delimiter, part) END;

CREATE MACRO IF NOT EXISTS __rs.main.cbrt(x) AS CASE WHEN pow(round(cbrt(x)), 3) = x THEN round(cbrt(x)) ELSE cbrt(x) END;
CREATE MACRO IF NOT EXISTS __rs.main.finite(x) AS CASE WHEN isinf(x) THEN error('value out of range: overflow') ELSE x END;
CREATE MACRO IF NOT EXISTS __rs.main.unbroken(x) AS CASE WHEN contains(x, '_') THEN error('invalid digit in the number: ' || x) ELSE x END;
CREATE MACRO IF NOT EXISTS __rs.main.power(a, b) AS CASE WHEN a < 0 AND b <> trunc(b) AND NOT isnan(b) THEN error('a negative number raised to a non-integer power yields a complex result') ELSE __rs.main.finite(power(a, b)) END;
-- A column of unknown type where a condition is wanted: DuckDB would take a number for one.
CREATE MACRO IF NOT EXISTS __rs.main.condition(x) AS CASE WHEN typeof(x) IN ('BOOLEAN', 'JSON', '"NULL"') THEN x ELSE error('a condition must be a boolean on Redshift, and this is ' || lower(typeof(x)) || ': compare it with a value') END;
CREATE MACRO IF NOT EXISTS __rs.main.trunc(x TIMESTAMP) AS CAST(x AS DATE), (x DATE) AS x, (x TIMESTAMPTZ) AS CAST(x AS DATE), (x) AS trunc(x);
CREATE MACRO IF NOT EXISTS __rs.main.add_months(x, n) AS CASE
  WHEN CAST(x AS DATE) = last_day(CAST(x AS DATE)) THEN CAST(last_day(CAST(CAST(x AS TIMESTAMP) + to_months(CAST(n AS INTEGER)) AS DATE)) AS TIMESTAMP) + (CAST(x AS TIMESTAMP) - CAST(CAST(x AS DATE) AS TIMESTAMP))
  ELSE CAST(x AS TIMESTAMP) + to_months(CAST(n AS INTEGER)) END;
-- Some years after the 29th of February lies the 1st of March.
CREATE MACRO IF NOT EXISTS __rs.main.add_years(x, n) AS CASE WHEN month(x) = 2 AND day(x) = 29 THEN x - INTERVAL 1 DAY + to_years(n) + INTERVAL 1 DAY ELSE x + to_years(n) END;
CREATE MACRO IF NOT EXISTS __rs.main.months_between(a, b) AS CAST((year(CAST(a AS TIMESTAMP)) - year(CAST(b AS TIMESTAMP))) * 12 + month(CAST(a AS TIMESTAMP)) - month(CAST(b AS TIMESTAMP)) AS DOUBLE) + CASE
  WHEN day(CAST(a AS TIMESTAMP)) = day(CAST(b AS TIMESTAMP)) OR (CAST(a AS DATE) = last_day(CAST(a AS DATE)) AND CAST(b AS DATE) = last_day(CAST(b AS DATE))) THEN 0.0
  ELSE (CAST(day(CAST(a AS TIMESTAMP)) - day(CAST(b AS TIMESTAMP)) AS DOUBLE) + (epoch(CAST(a AS TIMESTAMP)) % 86400 - epoch(CAST(b AS TIMESTAMP)) % 86400) / 86400.0::DOUBLE) / 31.0::DOUBLE END;

CREATE MACRO IF NOT EXISTS __rs.main.json_array_length(x) AS CASE WHEN x IS NULL THEN NULL WHEN json_type(x) = 'ARRAY' THEN CAST(json_array_length(x) AS INTEGER) ELSE error('invalid JSON array: ' || x) END;
CREATE MACRO IF NOT EXISTS __rs.main.hashable(x) AS CASE WHEN typeof(x) IN ('VARCHAR', 'SMALLINT', 'INTEGER', 'BIGINT') THEN x ELSE error('hashes are emulated for texts and whole numbers') END;

-- Elements of arrays in an array. What is nested deeper, or no array, has no rule that is known here.
CREATE MACRO IF NOT EXISTS __rs.main.flat_element(x) AS CASE WHEN json_type(x) <> 'ARRAY' OR len(list_filter(from_json(x, '["JSON"]'), lambda e: json_type(e) = 'ARRAY')) > 0 THEN error('array_flatten is emulated for an array of arrays of scalars and objects') ELSE from_json(x, '["JSON"]') END;
CREATE MACRO IF NOT EXISTS __rs.main.array_flatten(x) AS to_json(flatten(list_transform(from_json(x, '["JSON"]'), lambda e: __rs.main.flat_element(e))));
CREATE MACRO IF NOT EXISTS __rs.main.subarray(x, start, length) AS CASE WHEN start < 0 OR length < 0 THEN error('subarray counts from 0') ELSE to_json(list_slice(from_json(x, '["JSON"]'), start + 1, start + length)) END;
-- Functions whose result has the type of what they are given, where only the engine knows that.
CREATE MACRO IF NOT EXISTS __rs.main.ceil(x) AS round(x) + CAST(round(x) < x AS INTEGER);
CREATE MACRO IF NOT EXISTS __rs.main.floor(x) AS round(x) - CAST(round(x) > x AS INTEGER);
CREATE MACRO IF NOT EXISTS __rs.main.sign(x) AS x - x + sign(x);
