update t set a = u.a, b = default from u where t.id = u.id and u.kind = 'x';
