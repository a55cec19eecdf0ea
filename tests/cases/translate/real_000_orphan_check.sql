SELECT * FROM ( SELECT * FROM gins LEFT JOIN countries ON gins.country = countries.nicename WHERE countries.id is Null ) AS country_mismatches;
