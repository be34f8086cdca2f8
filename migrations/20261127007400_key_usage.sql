-- What one key spent is asked by whoever holds it.
create index on usage_hourly (api_key_id, hour);
