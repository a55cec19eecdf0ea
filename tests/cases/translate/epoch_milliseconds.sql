select timestamp 'epoch' + ts / 1000 * interval '1 second' as start_time from staging_events where page = 'NextSong';
