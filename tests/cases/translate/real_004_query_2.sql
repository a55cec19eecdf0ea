WITH topart as (
        SELECT artist_id, song_id, count(*)
        FROM ft_songplays
        GROUP BY artist_id, song_id
        ORDER BY 2 DESC
        LIMIT 10
    )
    SELECT '"'||dma.name||'" was played '||ft.count||' times.'
    FROM  topart as ft
    INNER JOIN dm_artists dma 
    ON ft.artist_id = dma.artist_id
    INNER JOIN dm_songs dms 
    ON ft.song_id = dms.song_id
    GROUP BY dma.name, ft.count
    ORDER BY ft.count DESC;
