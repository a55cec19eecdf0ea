merge into s.t using u on t.id = u.id when matched then update set a = u.a when not matched then insert (id, a) values (u.id, u.a);
