select id,
       strftime(d, '%Y') as y
from t;
