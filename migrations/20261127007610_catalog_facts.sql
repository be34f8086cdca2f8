-- What is known of an endpoint beyond its price, and where each of these facts is from. Written by the import, as the rest.
alter table catalog_endpoints
    add column facts jsonb not null default '{}' check (jsonb_typeof(facts) = 'object'),
    add column evidence jsonb not null default '{}' check (jsonb_typeof(evidence) = 'object');
