attach ':memory:' as __pg;
attach ':memory:' as __log;
create schema __pg.info;
create table __log.main.query_log (
  query bigint, pid integer, xid bigint, usename varchar, querytxt varchar, label varchar,
  starttime timestamp, endtime timestamp, rows bigint, sqlstate varchar, error varchar,
  loaded_into varchar, files bigint
);
create table __log.main.lock_log (look bigint, pid integer, usename varchar, nspname varchar, relname varchar, since timestamp, granted varchar);
create table __log.main.session_log (look bigint, pid integer, usename varchar, since timestamp, running varchar);
create table __log.main.load_error_log (
  query bigint, pid integer, filename varchar, line_number bigint, colname varchar, type varchar, raw_value varchar, err_reason varchar,
  starttime timestamp, table_id bigint
);
create macro __pg.main.redshift_type(duckdb, checked) as
  case
    when duckdb = 'VARCHAR' and regexp_matches(checked, 'strlen\(.*\) <= \d+') then 'character varying(' || regexp_extract(checked, '<= (\d+)', 1) || ')'
    when duckdb = 'VARCHAR' and regexp_matches(checked, '\d+ >= ("system"\.main\.)?strlen\(') then 'character(' || regexp_extract(checked, '(\d+) >=', 1) || ')'
    when duckdb = 'VARCHAR' then 'character varying(256)'
    when duckdb in ('TINYINT', 'UTINYINT', 'SMALLINT') then 'smallint'
    when duckdb in ('INTEGER', 'USMALLINT') then 'integer'
    when duckdb in ('BIGINT', 'HUGEINT', 'UHUGEINT', 'UBIGINT', 'UINTEGER') then 'bigint'
    when duckdb like 'DECIMAL%' then replace(replace(duckdb, 'DECIMAL', 'numeric'), ', ', ',')
    when duckdb = 'FLOAT' then 'real'
    when duckdb = 'DOUBLE' then 'double precision'
    when duckdb = 'BOOLEAN' then 'boolean'
    when duckdb = 'DATE' then 'date'
    when duckdb like 'TIMESTAMP WITH%' then 'timestamp with time zone'
    when duckdb like 'TIMESTAMP%' then 'timestamp without time zone'
    when duckdb = 'TIME' then 'time without time zone'
    when duckdb = 'TIME WITH TIME ZONE' then 'time with time zone'
    when duckdb = 'INTERVAL' then 'interval'
    when duckdb = 'JSON' then 'super'
    when duckdb = 'BLOB' then 'binary varying(64000)'
    else lower(duckdb)
  end;
create macro __pg.main.base_type(shown) as trim(regexp_replace(shown, '\(.*\)', ''));
create macro __pg.main.type_oid(shown) as
  case __pg.main.base_type(shown)
    when 'boolean' then 16 when 'smallint' then 21 when 'integer' then 23 when 'bigint' then 20
    when 'real' then 700 when 'double precision' then 701 when 'numeric' then 1700
    when 'character' then 1042 when 'character varying' then 1043 when 'text' then 25
    when 'date' then 1082 when 'time without time zone' then 1083 when 'time with time zone' then 1266
    when 'timestamp without time zone' then 1114 when 'timestamp with time zone' then 1184
    when 'interval' then 1186 when 'super' then 4000 when 'binary varying' then 6551
    else 25
  end;
create macro __pg.main.type_length(shown) as try_cast(regexp_extract(shown, '\((\d+)', 1) as integer);
create macro __pg.main.type_scale(shown) as try_cast(regexp_extract(shown, ',\s*(\d+)\)', 1) as integer);
create macro __pg.main.type_modifier(shown) as
  case
    when shown like 'numeric(%' then __pg.main.type_length(shown) * 65536 + coalesce(__pg.main.type_scale(shown), 0) + 4
    when __pg.main.type_length(shown) is not null then __pg.main.type_length(shown) + 4
    else -1
  end;
create macro __pg.main.format_type(oid, modifier) as
  case oid
    when 16 then 'boolean' when 21 then 'smallint' when 23 then 'integer' when 20 then 'bigint'
    when 700 then 'real' when 701 then 'double precision'
    when 1700 then 'numeric' || case when modifier >= 4 then '(' || ((modifier - 4) // 65536) || ',' || ((modifier - 4) % 65536) || ')' else '' end
    when 1042 then 'character' || case when modifier >= 4 then '(' || (modifier - 4) || ')' else '' end
    when 1043 then 'character varying' || case when modifier >= 4 then '(' || (modifier - 4) || ')' else '' end
    when 25 then 'text' when 19 then 'name' when 26 then 'oid' when 18 then '"char"'
    when 1082 then 'date' when 1083 then 'time without time zone' when 1266 then 'time with time zone'
    when 1114 then 'timestamp without time zone' when 1184 then 'timestamp with time zone'
    when 1186 then 'interval' when 4000 then 'super'
    when 6551 then 'binary varying' || case when modifier >= 4 then '(' || (modifier - 4) || ')' else '' end
    else '???'
  end;

create view __pg.main.states as
  select * replace (case when kind = 'unbound' then 'late' else kind end as kind) from {state}.relations;
create view __pg.main.pg_namespace as
  select s.oid, s.schema_name as nspname,
    coalesce((select i.id from {state}.schemas o join {state}.identities i on i.kind = 'user' and i.name = o.owner where o.name = s.schema_name limit 1), 100) as nspowner,
    null::varchar as nspacl
  from duckdb_schemas() s
  where s.database_name = {database_text} and s.schema_name not in ('__redstart', 'main')
    and (not s.internal or s.schema_name in ('pg_catalog', 'information_schema'))
  union all select 99, 'pg_temp_1', 1, null
  union all select 98, 'pg_internal', 1, null
  union all select 97, 'pg_toast', 1, null;
create view __pg.main.all_relations as
  select found.*, n.oid as namespace, s.kind, s.definition, s.query, coalesce(s.owner, {user}) as owner,
    s.diststyle, s.distkey, s.sort_type, s.sortkeys, s.backup, s.auto_refresh, s.encodings, s.created
  from (
    select t.schema_name as nspname, t.table_name as relname, t.table_oid as oid, 'r' as relkind, t.estimated_size as tuples,
      t.comment, t.column_count as natts, null as sql
    from duckdb_tables() t where t.database_name = {database_text} and t.schema_name <> '__redstart' and not t.internal
    union all
    select 'pg_temp_1', t.table_name, t.table_oid + 1000000000, 'r', t.estimated_size, t.comment, t.column_count, null
    from duckdb_tables() t where t.database_name = 'temp' and not t.internal
    union all
    select v.schema_name, v.view_name, v.view_oid, 'v', 0, v.comment, v.column_count, v.sql
    from duckdb_views() v where v.database_name = {database_text} and v.schema_name <> '__redstart' and not v.internal
  ) found
  join __pg.main.pg_namespace n on n.nspname = found.nspname
  left join __pg.main.states s on s.schema_name = found.nspname and s.name = found.relname;
create view __pg.main.relations as
  select oid, nspname, relname, case when kind = 'mv' then 'v' else relkind end as relkind,
    case when kind = 'mv' then 'mv' when relkind = 'v' and kind = 'late' then 'late' when relkind = 'v' then 'view' else 'table' end as sort,
    tuples, comment, natts, coalesce(definition, sql) as definition, query, namespace, owner,
    diststyle, distkey, sort_type, sortkeys, backup, auto_refresh, encodings, created
  from __pg.main.all_relations
  union all
  select oid + 2000000000, nspname, 'mv_tbl__' || relname || '__0', 'r', 'storage', tuples, null, natts, null, null, namespace, owner,
    diststyle, distkey, sort_type, sortkeys, backup, auto_refresh, encodings, created
  from __pg.main.all_relations where kind = 'mv';
create view __pg.main.raw_columns as
  select case when c.database_name = 'temp' then 'pg_temp_1' else c.schema_name end as nspname, c.table_name as relname, c.column_name,
    c.column_index as number, c.is_nullable, c.column_default, c.comment, c.data_type,
    (select any_value(k.constraint_text) from duckdb_constraints() k
      where k.constraint_type = 'CHECK' and k.database_name = c.database_name and k.schema_name = c.schema_name and k.table_name = c.table_name
        and k.constraint_column_names[1] = c.column_name and len(k.constraint_column_names) = 1) as checked
  from duckdb_columns() c
  where c.database_name in ({database_text}, 'temp') and not c.internal and c.schema_name <> '__redstart';
create view __pg.main.all_columns as
  select r.oid, r.nspname, r.relname, r.relkind, r.sort, c.column_name, c.number, c.is_nullable, c.column_default, c.comment,
    __pg.main.redshift_type(c.data_type, c.checked) as shown,
    coalesce(r.distkey = lower(c.column_name), false) as is_distkey,
    coalesce(list_position(r.sortkeys, lower(c.column_name)), 0) * case when r.sort_type = 'interleaved' and list_position(r.sortkeys, lower(c.column_name)) % 2 = 0 then -1 else 1 end as sort_position,
    coalesce(r.encodings[lower(c.column_name)], case
      when list_position(r.sortkeys, lower(c.column_name)) is not null then 'none'
      when c.data_type in ('BOOLEAN', 'FLOAT', 'DOUBLE', 'JSON') then 'none'
      when c.data_type like 'VARCHAR%' or c.data_type = 'BLOB' then 'lzo' else 'az64' end) as encoding
  from __pg.main.raw_columns c
  join __pg.main.relations r on r.nspname = c.nspname and case when r.sort = 'storage' then r.relname = 'mv_tbl__' || c.relname || '__0' else r.relname = c.relname end;

create view __pg.main.pg_user as
  select name as usename, id as usesysid, createdb as usecreatedb, superuser as usesuper, false as usecatupd,
    '********' as passwd, null::varchar as valuntil, null::varchar as useconfig
  from {state}.identities where kind = 'user';
create view __pg.main.pg_user_info as
  select usename, usesysid, usecreatedb, usesuper, usecatupd, passwd, valuntil, useconfig, 'UNLIMITED' as useconnlimit,
    'RESTRICTED' as syslogaccess, null::timestamp as last_ddl_ts, -1 as sessiontimeout, null::varchar as external_user_id
  from __pg.main.pg_user;
create view __pg.main.pg_shadow as select * from __pg.main.pg_user;
create view __pg.main.svv_user_info as
  select usename as user_name, usesysid as user_id, usecreatedb as createdb, usesuper as superuser, usecatupd as catalog_update,
    'UNLIMITED' as connection_limit, 'RESTRICTED' as syslog_access, null::timestamp as last_ddl_timestamp, -1 as session_timeout,
    null::varchar as external_id
  from __pg.main.pg_user;
create view __pg.main.pg_group as
  select g.name as groname, g.id as grosysid,
    (select '{' || coalesce(string_agg(u.id::varchar, ',' order by u.id), '') || '}' from {state}.members m
      join {state}.identities u on u.kind = 'user' and u.name = m.member where m.kind = 'group' and m.name = g.name) as grolist
  from {state}.identities g where g.kind = 'group';
create view __pg.main.svv_roles as
  select id as role_id, name as role_name, owner as role_owner, null::varchar as external_id from {state}.identities where kind = 'role';
create view __pg.main.svv_user_grants as
  select u.id as user_id, m.member as user_name, r.id as role_id, m.name as role_name, false as admin_option
  from {state}.members m join {state}.identities r on r.kind = 'role' and r.name = m.name
  join {state}.identities u on u.kind = 'user' and u.name = m.member where m.kind = 'role' and m.member_kind = 'user';
create view __pg.main.svv_role_grants as
  select r.id as role_id, m.member as role_name, g.id as granted_role_id, m.name as granted_role_name
  from {state}.members m join {state}.identities g on g.kind = 'role' and g.name = m.name
  join {state}.identities r on r.kind = 'role' and r.name = m.member where m.kind = 'role' and m.member_kind = 'role';
create view __pg.main.svv_relation_privileges as
  select g.schema_name as namespace_name, g.name as relation_name, upper(g.privilege) as privilege_type, coalesce(i.id, 0) as identity_id,
    g.grantee as identity_name, g.grantee_kind as identity_type, g.admin as admin_option
  from {state}.grants g left join {state}.identities i on i.kind = g.grantee_kind and i.name = g.grantee where g.kind = 'table';
create view __pg.main.svv_schema_privileges as
  select g.name as namespace_name, upper(g.privilege) as privilege_type, coalesce(i.id, 0) as identity_id, g.grantee as identity_name,
    g.grantee_kind as identity_type, g.admin as admin_option
  from {state}.grants g left join {state}.identities i on i.kind = g.grantee_kind and i.name = g.grantee where g.kind = 'schema';
create view __pg.main.svv_database_privileges as
  select g.name as database_name, upper(g.privilege) as privilege_type, coalesce(i.id, 0) as identity_id, g.grantee as identity_name,
    g.grantee_kind as identity_type, g.admin as admin_option
  from {state}.grants g left join {state}.identities i on i.kind = g.grantee_kind and i.name = g.grantee where g.kind = 'database';
create view __pg.main.svv_default_privileges as
  select ''::varchar as schema_name, ''::varchar as object_type, 0 as owner_id, ''::varchar as owner_name, ''::varchar as owner_type,
    ''::varchar as privilege_type, 0 as grantee_id, ''::varchar as grantee_name, ''::varchar as grantee_type, false as admin_option where false;

create view __pg.main.pg_class as
  select r.oid, r.relname, r.namespace as relnamespace, 0 as reltype, coalesce(u.usesysid, 100) as relowner, 0 as relam, r.oid as relfilenode,
    0 as reltablespace, 1 as relpages, coalesce(r.tuples, 0)::float as reltuples, 0 as reltoastrelid, 0 as reltoastidxid, false as relhasindex,
    false as relisshared, r.relkind, r.natts as relnatts, 0 as relchecks, 0 as reltriggers, 0 as relukeys, 0 as relfkeys, 0 as relrefs,
    false as relhasoids, false as relhaspkey, r.relkind = 'v' as relhasrules, false as relhassubclass, null::varchar as relacl,
    case when r.diststyle = 'even' then 0 when r.diststyle = 'key' then 1 when r.diststyle = 'all' then 8 else 9 end as reldiststyle,
    case when r.nspname = 'pg_temp_1' then 't' else 'p' end as relpersistence, 0 as reloftype, false as relhastriggers, false as relrowsecurity,
    false as relforcerowsecurity, false as relispartition, 'd' as relreplident, true as relispopulated
  from __pg.main.relations r left join __pg.main.pg_user u on u.usename = r.owner;
create view __pg.main.pg_class_info as select *, null::timestamp as relcreationtime from __pg.main.pg_class;
create view __pg.main.pg_attribute as
  select c.oid as attrelid, c.column_name as attname, __pg.main.type_oid(c.shown) as atttypid, -1 as attstattarget, -1 as attlen, c.number as attnum,
    0 as attndims, -1 as attcacheoff, __pg.main.type_modifier(c.shown) as atttypmod, false as attbyval, 'p' as attstorage, 'i' as attalign,
    not c.is_nullable as attnotnull, c.column_default is not null as atthasdef, false as attisdropped, true as attislocal, 0 as attinhcount,
    c.is_distkey as attisdistkey, false as attispreloaded, c.sort_position as attsortkeyord, 0 as attencodingtype, 0 as attencrypttype,
    0 as attcollation, null::varchar as attacl, null::varchar as attfdwoptions, false as atthasmissing, '' as attcompression, '' as attidentity, '' as attgenerated
  from __pg.main.all_columns c;
create view __pg.main.pg_attrdef as
  select oid as adrelid, number as adnum, column_default as adbin, column_default as adsrc from __pg.main.all_columns where column_default is not null;
create view __pg.main.pg_description as
  select oid as objoid, 1259 as classoid, 0 as objsubid, comment as description from __pg.main.relations where comment is not null
  union all
  select oid, 1259, number, comment from __pg.main.all_columns where comment is not null;
create view __pg.main.pg_type as
  select t.oid, t.typname, (select oid from __pg.main.pg_namespace where nspname = 'pg_catalog') as typnamespace, 1 as typowner, t.typlen, false as typbyval,
    'b' as typtype, true as typisdefined, ',' as typdelim, 0 as typrelid, 0 as typelem, 0 as typbasetype, -1 as typtypmod, 0 as typcollation,
    false as typnotnull, null::varchar as typdefault
  from (values (16, 'bool', 1), (18, 'char', 1), (19, 'name', 64), (20, 'int8', 8), (21, 'int2', 2), (23, 'int4', 4), (25, 'text', -1), (26, 'oid', 4),
    (700, 'float4', 4), (701, 'float8', 8), (1042, 'bpchar', -1), (1043, 'varchar', -1), (1082, 'date', 4), (1083, 'time', 8), (1114, 'timestamp', 8),
    (1184, 'timestamptz', 8), (1186, 'interval', 16), (1266, 'timetz', 12), (1700, 'numeric', -1), (4000, 'super', -1), (6551, 'varbyte', -1)) as t(oid, typname, typlen);
create view __pg.main.pg_tables as
  select nspname as schemaname, relname as tablename, owner as tableowner, null::varchar as tablespace, false as hasindexes, false as hasrules, false as hastriggers
  from __pg.main.relations where relkind = 'r';
create view __pg.main.pg_views as
  select nspname as schemaname, relname as viewname, owner as viewowner, definition from __pg.main.relations where relkind = 'v';
create view __pg.main.svv_views as
  select nspname as schemaname, relname as viewname, owner as viewowner, definition from __pg.main.relations where relkind = 'v';
create view __pg.main.pg_database as
  select 100 as oid, {database_text} as datname, 100 as datdba, 6 as encoding, false as datistemplate, true as datallowconn, 0 as datlastsysoid, 0 as datvacuumxid,
    0 as datfrozenxid, 1663 as dattablespace, null::varchar as datconfig, null::varchar as datacl, 'C' as datcollate, 'C' as datctype;
create view __pg.main.pg_database_info as
  select 100 as datid, {database_text} as datname, 100 as datdba, 6 as encoding, false as datistemplate, true as datallowconn, 'UNLIMITED' as datconnlimit;
create view __pg.main.pg_constraint as
  select row_number() over () + 3000000000 as oid, k.name as conname, r.namespace as connamespace, case k.kind when 'primary key' then 'p' when 'unique' then 'u' else 'f' end as contype,
    false as condeferrable, false as condeferred, r.oid as conrelid, 0 as contypid, 0 as confrelid, null::varchar as conkey, null::varchar as confkey, k.definition as consrc
  from {state}.constraints k join __pg.main.relations r on r.nspname = k.schema_name and r.relname = k.table_name;
create view __pg.main.pg_collation as select 0 as oid, ''::varchar as collname, 0 as collnamespace where false;
create view __pg.main.pg_roles as
  select usesysid as oid, usename as rolname, usesuper as rolsuper, true as rolinherit, usesuper as rolcreaterole, usecreatedb as rolcreatedb, true as rolcanlogin, -1 as rolconnlimit,
    null::timestamp as rolvaliduntil, false as rolreplication, false as rolbypassrls
  from __pg.main.pg_user;
create view __pg.main.pg_auth_members as select 0 as roleid, 0 as "member", 0 as grantor, false as admin_option where false;
create view __pg.main.pg_index as
  select 0 as indexrelid, 0 as indrelid, ''::varchar as indkey, false as indisunique, false as indisprimary, false as indisclustered, true as indisvalid, null::varchar as indpred where false;
create view __pg.main.pg_inherits as select 0 as inhrelid, 0 as inhparent, 0 as inhseqno where false;
create view __pg.main.pg_trigger as select 0 as oid, 0 as tgparentid, false as tgisinternal, 'O' as tgenabled, 0 as tgtype, 0 as tgrelid, ''::varchar as tgname, false as tgisconstraint, 0 as tgconstraint where false;
create view __pg.main.pg_tablespace as select 1663 as oid, 'pg_default' as spcname;
create view __pg.main.pg_proc as
  select 0 as oid, ''::varchar as proname, 0 as pronamespace, 0 as proowner, 0 as prolang, false as proisagg, 0 as prorettype, ''::varchar as proargtypes, ''::varchar as prosrc where false;
create view __pg.main.pg_proc_info as
  select oid as prooid, p.*, 'f' as prokind, null::varchar as proargmodes, null::varchar as proallargtypes from __pg.main.pg_proc p;
create view __pg.main.current_database as select {database_text} as current_database;
create view __pg.main.pg_rewrite as
  select oid + 4000000000 as oid, '_RETURN' as rulename, oid as ev_class, '1' as ev_type from __pg.main.relations where relkind = 'v';
create view __pg.main.pg_depend as
  select 2618 as classid, v.oid + 4000000000 as objid, 0 as objsubid, 1259 as refclassid, t.oid as refobjid, 0 as refobjsubid, 'n' as deptype
  from {state}.depends d
  join __pg.main.relations v on v.nspname = d.schema_name and v.relname = d.name
  join __pg.main.relations t on t.nspname = d.on_schema and t.relname = d.on_name
  union all
  select 2618, oid + 4000000000, 0, 1259, oid, 0, 'i' from __pg.main.relations where relkind = 'v';
create view __pg.main.pg_table_def as
  select nspname as schemaname, relname as tablename, column_name as "column", shown as "type", encoding, is_distkey as distkey, sort_position as sortkey, not is_nullable as "notnull"
  from __pg.main.all_columns where relkind = 'r' and (nspname = 'pg_temp_1' or list_contains(string_split(getvariable('rs_search_path'), ','), nspname));
create view __pg.main.svv_table_info as
  select {database_text} as "database", r.nspname as "schema", r.oid as table_id, case when r.sort = 'storage' then r.relname[9:-4] else r.relname end as "table", 'Y' as encoded,
    case r.diststyle when 'even' then 'EVEN' when 'all' then 'ALL' when 'key' then 'KEY(' || r.distkey || ')' else 'AUTO(ALL)' end as diststyle,
    case when r.sort_type = 'auto' or r.sortkeys is null or len(r.sortkeys) = 0 then 'AUTO(SORTKEY)' when r.sort_type = 'interleaved' then 'INTERLEAVED' else r.sortkeys[1] end as sortkey1,
    coalesce((select max(__pg.main.type_length(c.shown)) from __pg.main.all_columns c where c.oid = r.oid and c.shown like 'character varying%'), 0) as max_varchar,
    case when len(r.sortkeys) > 0 then 'none' end as sortkey1_enc, coalesce(len(r.sortkeys), 0)::integer as sortkey_num,
    (r.natts + 3) * 2 as size, 0.0001::decimal(10, 4) as pct_used, 0 as "empty", case when len(r.sortkeys) > 0 then 0.00::decimal(5, 2) end as unsorted,
    0.00::decimal(5, 2) as stats_off, r.tuples::decimal(38, 0) as tbl_rows, null::decimal(19, 2) as skew_sortkey1, null::decimal(19, 2) as skew_rows,
    r.tuples::decimal(38, 0) as estimated_visible_rows, null::varchar as risk_event, null::decimal(12, 2) as vacuum_sort_benefit, r.created as create_time
  from __pg.main.relations r where r.relkind = 'r' and r.tuples > 0 and r.nspname <> 'pg_temp_1';
create view __pg.main.svv_mv_info as
  select {database_text} as database_name, nspname as schema_name, owner as user_name, relname as "name", 'f' as is_stale, owner as owner_user_name, 1 as state,
    case when auto_refresh then 't' else 'f' end as autorefresh, 't' as autorewrite
  from __pg.main.relations where sort = 'mv';
create view __pg.main.stv_mv_info as
  select {database_text} as db_name, nspname as "schema", relname as "name", 0 as updated_upto_xid, 'f' as is_stale, owner as owner_user_name, 1 as state,
    case when auto_refresh then 't' else 'f' end as autorefresh, 't' as autorewrite
  from __pg.main.relations where sort = 'mv';
create view __pg.main.typed_columns as
  select *, case when shown like 'character%' then __pg.main.type_length(shown) end as length,
    case __pg.main.base_type(shown) when 'smallint' then 16 when 'integer' then 32 when 'bigint' then 64 when 'numeric' then __pg.main.type_length(shown) when 'real' then 24 when 'double precision' then 53 end as "precision",
    case __pg.main.base_type(shown) when 'smallint' then 0 when 'integer' then 0 when 'bigint' then 0 when 'numeric' then coalesce(__pg.main.type_scale(shown), 0) end as scale
  from __pg.main.all_columns;
create view __pg.info.tables as
  select {database_text} as table_catalog, nspname as table_schema, relname as table_name,
    case when relkind = 'v' then 'VIEW' when nspname = 'pg_temp_1' then 'LOCAL TEMPORARY' else 'BASE TABLE' end as table_type,
    null::varchar as self_referencing_column_name, null::varchar as reference_generation, null::varchar as user_defined_type_catalog,
    null::varchar as user_defined_type_schema, null::varchar as user_defined_name
  from __pg.main.relations where sort <> 'storage';
create view __pg.info.views as
  select {database_text} as table_catalog, nspname as table_schema, relname as table_name, definition as view_definition, 'NONE' as check_option, 'NO' as is_updatable, 'NO' as is_insertable_into
  from __pg.main.relations where relkind = 'v';
create view __pg.info.columns as
  select {database_text} as table_catalog, nspname as table_schema, relname as table_name, column_name, number as ordinal_position, column_default,
    case when is_nullable then 'YES' else 'NO' end as is_nullable, __pg.main.base_type(shown) as data_type, length as character_maximum_length, length as character_octet_length,
    "precision" as numeric_precision, case when "precision" is not null then 10 end as numeric_precision_radix, scale as numeric_scale,
    case when shown like 'time%' then 6 end as datetime_precision, null::varchar as interval_type, null::varchar as character_set_name, null::varchar as collation_name,
    {database_text} as udt_catalog, 'pg_catalog' as udt_schema, (select typname from __pg.main.pg_type t where t.oid = __pg.main.type_oid(shown)) as udt_name, number::varchar as dtd_identifier
  from __pg.main.typed_columns where sort not in ('late', 'storage');
create view __pg.info.schemata as
  select {database_text} as catalog_name, n.nspname as schema_name, coalesce(u.usename, 'rdsdb') as schema_owner, null::varchar as default_character_set_catalog,
    null::varchar as default_character_set_schema, null::varchar as default_character_set_name, null::varchar as sql_path
  from __pg.main.pg_namespace n left join __pg.main.pg_user u on u.usesysid = n.nspowner;
create view __pg.info.table_constraints as
  select {database_text} as constraint_catalog, schema_name as constraint_schema, name as constraint_name, {database_text} as table_catalog, schema_name as table_schema,
    table_name, upper(kind) as constraint_type, 'NO' as is_deferrable, 'NO' as initially_deferred
  from {state}.constraints;
create view __pg.info.key_column_usage as
  select {database_text} as constraint_catalog, schema_name as constraint_schema, name as constraint_name, {database_text} as table_catalog, schema_name as table_schema,
    table_name, unnest(columns) as column_name, generate_subscripts(columns, 1) as ordinal_position
  from {state}.constraints;
create view __pg.info.table_privileges as
  select grantor, grantee, {database_text} as table_catalog, schema_name as table_schema, name as table_name, upper(privilege) as privilege_type, 'NO' as is_grantable, 'NO' as with_hierarchy
  from {state}.grants where kind = 'table';
create view __pg.main.svv_tables as
  select table_catalog, table_schema, table_name, case when table_type = 'VIEW' then 'VIEW' else 'BASE TABLE' end as table_type,
    (select comment from __pg.main.relations r where r.nspname = table_schema and r.relname = table_name limit 1) as remarks
  from __pg.info.tables;
create view __pg.main.svv_columns as
  select {database_text} as table_catalog, nspname as table_schema, relname as table_name, column_name, number as ordinal_position, column_default,
    case when is_nullable then 'YES' else 'NO' end as is_nullable, __pg.main.base_type(shown) as data_type, length as character_maximum_length,
    "precision" as numeric_precision, case when "precision" is not null then 10 end as numeric_precision_radix, scale as numeric_scale,
    null::integer as datetime_precision, null::varchar as interval_type, null::varchar as interval_precision,
    null::varchar as character_set_catalog, null::varchar as character_set_schema, null::varchar as character_set_name,
    null::varchar as collation_catalog, null::varchar as collation_schema, null::varchar as collation_name, null::varchar as domain_name,
    comment as remarks
  from __pg.main.typed_columns where sort <> 'storage';
create view __pg.main.svv_redshift_tables as
  select {database_text} as database_name, nspname as schema_name, relname as table_name,
    case sort when 'table' then 'TABLE' else 'VIEW' end as table_type, null::varchar as table_acl, comment as remarks, owner as table_owner
  from __pg.main.relations where sort <> 'storage' and nspname <> 'pg_temp_1';
create view __pg.main.svv_all_tables as
  select database_name, schema_name, table_name, table_acl, table_type, remarks from __pg.main.svv_redshift_tables;
create view __pg.main.svv_redshift_columns as
  select {database_text} as database_name, nspname as schema_name, relname as table_name, column_name, number as ordinal_position, shown as data_type, column_default,
    case when is_nullable then 'YES' else 'NO' end as is_nullable, encoding, is_distkey as distkey, sort_position as sortkey, null::varchar as column_acl, comment as remarks
  from __pg.main.typed_columns where sort <> 'storage' and nspname <> 'pg_temp_1';
create view __pg.main.svv_all_columns as
  select database_name, schema_name, table_name, column_name, ordinal_position, column_default, is_nullable, c.data_type,
    __pg.main.type_length(c.data_type) as character_maximum_length, null::integer as numeric_precision, null::integer as numeric_scale, remarks
  from __pg.main.svv_redshift_columns c;
create view __pg.main.svv_redshift_schemas as
  select {database_text} as database_name, nspname as schema_name, nspowner as schema_owner, 'local' as schema_type, null::varchar as schema_acl, null::varchar as schema_option
  from __pg.main.pg_namespace where nspname not like 'pg\_%' escape '\';
create view __pg.main.svv_all_schemas as
  select database_name, schema_name, schema_owner, schema_type, schema_acl, null::varchar as source_database, schema_option from __pg.main.svv_redshift_schemas;
create view __pg.main.svv_redshift_databases as
  select {database_text} as database_name, 100 as database_owner, 'local' as database_type, null::varchar as database_acl, null::varchar as database_options, 'Snapshot Isolation' as database_isolation_level;
create view __pg.main.svv_external_columns as
  select ''::varchar as schemaname, ''::varchar as tablename, ''::varchar as columnname, ''::varchar as external_type, 0 as columnnum, 0 as part_key, 'true' as is_nullable, {database_text} as redshift_database_name where false;
create view __pg.main.svv_external_tables as
  select {database_text} as redshift_database_name, ''::varchar as schemaname, ''::varchar as tablename, ''::varchar as tabletype, ''::varchar as location where false;
create view __pg.main.svv_external_schemas as
  select 0 as esoid, 0 as eskind, ''::varchar as schemaname, 0 as esowner, ''::varchar as databasename, ''::varchar as esoptions where false;
create view __pg.main.svv_external_databases as select 0 as eskind, ''::varchar as esoptions, ''::varchar as databasename where false;

create view __pg.main.late_binding_view_cols as
  select nspname as view_schema, relname as view_name, column_name as col_name, shown as col_type, number as col_num from __pg.main.all_columns where sort = 'late';

create view __pg.main.stl_query as
  select coalesce(u.usesysid, 0) as userid, q.query, q.label, q.xid, q.pid, {database_text} as "database", q.querytxt, q.starttime, q.endtime,
    case when q.error is null then 0 else 1 end as aborted, 0 as insert_pristine, 0 as concurrency_scaling_status
  from __log.main.query_log q left join __pg.main.pg_user u on u.usename = q.usename;
create view __pg.main.stl_querytext as
  select userid, xid, pid, query, 0 as "sequence", querytxt as "text" from __pg.main.stl_query;
create view __pg.main.stl_ddltext as
  select userid, xid, pid, label, starttime, endtime, 0 as "sequence", querytxt as "text" from __pg.main.stl_query where regexp_matches(querytxt, '(?i)^\s*(create|alter|drop|truncate|grant|revoke|comment)');
create view __pg.main.stl_utilitytext as
  select userid, xid, pid, label, starttime, endtime, 0 as "sequence", querytxt as "text" from __pg.main.stl_query where regexp_matches(querytxt, '(?i)^\s*(begin|commit|rollback|end|abort|set|reset|show|vacuum|analyze|cancel)');
create view __pg.main.svl_statementtext as
  select userid, xid, pid, label, starttime, endtime, 0 as "sequence",
    case when regexp_matches(querytxt, '(?i)^\s*(create|alter|drop|truncate|grant|revoke|comment)') then 'DDL'
      when regexp_matches(querytxt, '(?i)^\s*(begin|commit|rollback|end|abort|set|reset|show|vacuum|analyze|cancel)') then 'UTILITY' else 'QUERY' end as type, querytxt as "text"
  from __pg.main.stl_query;
create view __pg.main.svl_qlog as
  select userid, query, xid, pid, starttime, endtime, date_diff('microsecond', starttime, endtime) as elapsed, aborted, label, querytxt as substring from __pg.main.stl_query;
create view __pg.main.sys_query_history as
  select s.userid as user_id, s.query as query_id, s.label as query_label, s.xid as transaction_id, s.pid as session_id, s."database" as database_name,
    case when regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*(select|with)') then 'SELECT' when regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*insert') then 'INSERT'
      when regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*copy') then 'COPY' when regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*unload') then 'UNLOAD'
      when regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*delete') then 'DELETE' when regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*update') then 'UPDATE'
      when regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*(create|alter|drop|truncate)') then 'DDL' else 'UTILITY' end as query_type,
    case when q.error is null then 'success' when q.sqlstate = '57014' then 'canceled' else 'failed' end as status, false as result_cache_hit, s.starttime as start_time, s.endtime as end_time,
    date_diff('microsecond', s.starttime, s.endtime) as elapsed_time, 0::bigint as queue_time, date_diff('microsecond', s.starttime, s.endtime) as execution_time,
    q.error as error_message, q.rows as returned_rows, 0::bigint as returned_bytes, s.querytxt as query_text, '' as redshift_version, 'primary' as usage_limit, 'main' as compute_type,
    0::bigint as compile_time, 0::bigint as planning_time, 0::bigint as lock_wait_time, 'default' as service_class_name, '' as query_priority, '' as short_query_accelerated
  from __pg.main.stl_query s join __log.main.query_log q on q.query = s.query;
create view __pg.main.sys_query_text as
  select userid as user_id, query as query_id, xid as transaction_id, pid as session_id, starttime as start_time, 0 as "sequence", querytxt as "text" from __pg.main.stl_query;
create view __pg.main.sys_query_detail as
  select 0 as user_id, 0::bigint as query_id, 0 as child_query_sequence, 0 as stream_id, 0 as segment_id, 0 as step_id, ''::varchar as step_name, 0::bigint as table_id, ''::varchar as table_name,
    null::timestamp as start_time, null::timestamp as end_time where false;
create view __pg.main.stl_load_errors as
  select 100 as userid, 0 as slice, l.table_id as tbl, l.starttime, l.pid as session, l.query, l.filename, l.line_number, l.colname, l.type,
    regexp_extract(l.type, '\((\d+)', 1) as col_length, 0 as position, l.raw_value as raw_line, l.raw_value as raw_field_value, 1204 as err_code, l.err_reason, 0 as is_partial, 0 as start_offset
  from __log.main.load_error_log l;
create view __pg.main.stl_loaderror_detail as
  select 100 as userid, 0 as slice, l.pid as session, l.query, l.filename, l.line_number, 0 as field, l.colname, l.raw_value as value, 1 as is_null, l.type, regexp_extract(l.type, '\((\d+)', 1) as col_length
  from __log.main.load_error_log l;
create view __pg.main.sys_load_error_detail as
  select 100 as user_id, l.query as query_id, 0::bigint as transaction_id, l.pid as session_id, {database_text} as database_name, l.table_id, l.starttime as start_time, l.filename as file_name, l.line_number,
    l.colname as column_name, l.type as column_type, regexp_extract(l.type, '\((\d+)', 1) as column_length, 0 as position, 1204 as error_code, l.err_reason as error_message
  from __log.main.load_error_log l;
create view __pg.main.sys_load_history as
  select s.userid as user_id, s.query as query_id, s.xid as transaction_id, s.pid as session_id, s."database" as database_name, case when q.error is null then 'completed' else 'aborted' end as status,
    coalesce(q.loaded_into, '') as table_name, s.starttime as start_time, s.endtime as end_time, date_diff('microsecond', s.starttime, s.endtime) as duration, ''::varchar as data_source, q.rows as loaded_rows,
    q.files as source_file_count,
    (select count(*) from __log.main.load_error_log l where l.query = q.query) as error_count
  from __pg.main.stl_query s join __log.main.query_log q on q.query = s.query where regexp_matches(s.querytxt, '(?i)^\s*(/\*.*\*/)?\s*copy');
create view __pg.main.stl_load_commits as
  select userid, query, 0 as slice, ''::varchar as "name", ''::varchar as filename, 0 as byte_offset, 0 as lines_scanned, 0 as errors, endtime as curtime, 1 as status from __pg.main.stl_query where regexp_matches(querytxt, '(?i)^\s*copy') and aborted = 0;
create view __pg.main.stv_recents as
  select userid, 'Done' as status, starttime, date_diff('microsecond', starttime, endtime) as duration, '' as user_name, "database" as db_name, querytxt as query, pid from __pg.main.stl_query;
create view __pg.main.stv_inflight as
  select 100 as userid, 0 as slice, 0::bigint as query, ''::varchar as label, 0::bigint as xid, pid, since as starttime, running as "text"
  from __log.main.session_log where running is not null and look = (select max(look) from __log.main.session_log);
create view __pg.main.stv_sessions as
  select since as starttime, pid as process, usename as user_name, {database_text} as db_name, 0 as timeout_sec
  from __log.main.session_log where look = (select max(look) from __log.main.session_log);
create view __pg.main.sys_session_history as
  select 100 as user_id, pid as session_id, {database_text} as database_name, 'active' as status, min(starttime) as start_time, max(endtime) as end_time from __log.main.query_log group by pid;
create view __pg.main.svv_transactions as
  select l.usename as txn_owner, {database_text} as txn_db, 0::bigint as xid, l.pid, l.since as txn_start, 'AccessExclusiveLock' as lock_mode, 'relation' as lockable_object_type, r.oid as relation, l.granted
  from __log.main.lock_log l join __pg.main.relations r on r.nspname = l.nspname and r.relname = l.relname
  where l.look = (select max(look) from __log.main.lock_log);
create view __pg.main.pg_stat_activity as
  select 100 as datid, {database_text} as datname, pid as procpid, 100 as usesysid, usename, running as current_query, since as query_start
  from __log.main.session_log where look = (select max(look) from __log.main.session_log);
create view __pg.main.pg_settings as select ''::varchar as "name", ''::varchar as setting where false;

create macro __pg.main.pg_get_userbyid(of_user) as coalesce((select any_value(u.name) from {state}.identities u where u.kind = 'user' and u.id = of_user), 'unknown (OID=' || of_user || ')');
create macro __pg.main.pg_table_is_visible(id) as (select coalesce(any_value(v.nspname = 'pg_temp_1' or list_contains(string_split(getvariable('rs_search_path'), ','), v.nspname)), false) from __pg.main.relations v where v.oid = id);
create macro __pg.main.pg_type_is_visible(id) as true;
create macro __pg.main.pg_function_is_visible(id) as true;
create macro __pg.main.pg_get_viewdef(id) as (select any_value(v.definition) from __pg.main.relations v where v.oid = id), (id, pretty) as (select any_value(v.definition) from __pg.main.relations v where v.oid = id);
create macro __pg.main.pg_get_expr(expr, id) as expr, (expr, id, pretty) as expr;
create macro __pg.main.pg_get_constraintdef(id) as (select any_value(k.consrc) from __pg.main.pg_constraint k where k.oid = id), (id, pretty) as (select any_value(k.consrc) from __pg.main.pg_constraint k where k.oid = id);
create macro __pg.main.pg_get_indexdef(id) as null::varchar, (id, col, pretty) as null::varchar;
create macro __pg.main.obj_description(id) as (select any_value(d.description) from __pg.main.pg_description d where d.objoid = id and d.objsubid = 0), (id, catalog) as (select any_value(d.description) from __pg.main.pg_description d where d.objoid = id and d.objsubid = 0);
create macro __pg.main.shobj_description(id, catalog) as null::varchar;
create macro __pg.main.col_description(id, col) as (select any_value(d.description) from __pg.main.pg_description d where d.objoid = id and d.objsubid = col);
create macro __pg.main.pg_relation_size(id) as 1048576;
create macro __pg.main.pg_encoding_to_char(encoding) as 'UTF8';
create macro __pg.main.oidvectortypes(types) as '';
create macro __pg.main.regexp_replace(value, pattern) as system.main.regexp_replace(value, pattern, '', 'g'), (value, pattern, by_text) as system.main.regexp_replace(value, pattern, by_text, 'g');
create macro __pg.main.regexp_substr(value, pattern) as regexp_extract(value, pattern), (value, pattern, start) as regexp_extract(substr(value, start), pattern);
create macro __pg.main.charindex(part, value) as strpos(value, part);
create macro __pg.main.regclass(name) as case
  when try_cast(name as bigint) is not null then (select any_value(case when v.nspname = 'public' then v.relname else v.nspname || '.' || v.relname end) from __pg.main.relations v where v.oid = try_cast(name as bigint))
  else (select any_value(v.oid)::varchar from __pg.main.relations v where v.nspname || '.' || v.relname = replace(lower(name::varchar), '"', '') or (v.relname = replace(lower(name::varchar), '"', '') and list_contains(string_split(getvariable('rs_search_path'), ','), v.nspname))) end;
create macro __pg.main.granted(who, object, wanted) as (
  coalesce((select any_value(i.superuser) from {state}.identities i where i.kind = 'user' and i.name = who::varchar), false)
  or (select count(*) > 0 from __pg.main.relations v where (v.nspname || '.' || v.relname = object or v.relname = object) and v.owner = who::varchar)
  or (select count(*) > 0 from {state}.grants g where g.kind = 'table' and (g.schema_name || '.' || g.name = object or g.name = object) and (lower(wanted) like '%' || g.privilege || '%')
    and ((g.grantee_kind = 'user' and g.grantee = who::varchar) or g.grantee_kind = 'public'
      or (g.grantee_kind in ('group', 'role') and exists (select 1 from {state}.members m where m.kind = g.grantee_kind and m.name = g.grantee and m.member = who::varchar)))));
create macro __pg.main.plain_name(object) as replace(replace(lower(object::varchar), '"', ''), lower({database_text}) || '.', '');
create macro __pg.main.has_table_privilege(who, object, wanted) as __pg.main.granted(who, __pg.main.plain_name(object), wanted) or regexp_matches(__pg.main.plain_name(object), '^(pg_catalog\.)?(pg_|svv_|stl_|sys_|stv_|svl_)'), (object, wanted) as __pg.main.granted(getvariable('rs_user'), __pg.main.plain_name(object), wanted) or regexp_matches(__pg.main.plain_name(object), '^(pg_catalog\.)?(pg_|svv_|stl_|sys_|stv_|svl_)');
create macro __pg.main.granted_on(what, who, object, wanted) as (
  coalesce((select any_value(i.superuser) from {state}.identities i where i.kind = 'user' and i.name = who::varchar), false)
  or (what = 'schema' and (object = 'public' or (select count(*) > 0 from {state}.schemas s where lower(s.name) = object and s.owner = who::varchar)))
  or (what = 'database' and lower(wanted) like 'temp%')
  or (select count(*) > 0 from {state}.grants g where g.kind = what and lower(g.name) = object and lower(wanted) like '%' || g.privilege || '%'
    and ((g.grantee_kind = 'user' and g.grantee = who::varchar) or g.grantee_kind = 'public'
      or (g.grantee_kind in ('group', 'role') and exists (select 1 from {state}.members m where m.kind = g.grantee_kind and m.name = g.grantee and m.member = who::varchar)))));
create macro __pg.main.has_schema_privilege(who, object, wanted) as __pg.main.granted_on('schema', who, replace(lower(object::varchar), '"', ''), wanted), (object, wanted) as __pg.main.granted_on('schema', getvariable('rs_user'), replace(lower(object::varchar), '"', ''), wanted);
create macro __pg.main.has_database_privilege(who, object, wanted) as __pg.main.granted_on('database', who, replace(lower(object::varchar), '"', ''), wanted), (object, wanted) as __pg.main.granted_on('database', getvariable('rs_user'), replace(lower(object::varchar), '"', ''), wanted);
create macro __pg.main.has_assumerole_privilege(who, arn, wanted) as true, (arn, wanted) as true;
create macro __pg.main.default_iam_role() as null::varchar;
create macro __pg.main.has_column_privilege(who, object, col, wanted) as true, (object, col, wanted) as true;
create macro __pg.main.has_function_privilege(who, object, wanted) as true, (object, wanted) as true;
