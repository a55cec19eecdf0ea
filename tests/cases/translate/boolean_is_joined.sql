select 'x' || true;
