WITH topsid as (
        SELECT song_id, count(*)
        FROM ft_songplays
        GROUP BY song_id
        ORDER BY 2 DESC
        LIMIT 10
    )
    SELECT '"'|| dms.title ||'" by '|| dma.name || ' played ' || ft.count || ' times.'
    FROM  topsid as ft
    INNER JOIN dm_songs dms 
    ON ft.song_id = dms.song_id
    INNER JOIN dm_artists dma
    ON dms.artist_id = dma.artist_id
    GROUP BY dms.title, dma.name, ft.count
    ORDER BY ft.count DESC;
