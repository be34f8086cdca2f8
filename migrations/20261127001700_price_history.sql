-- Every version of an endpoint's price, so that what a usage record was priced by can be told for as long as the record
-- is kept. `catalog_endpoints` has the latest. A version without a price says that there was none from then on.
create table catalog_prices (
    endpoint_id uuid not null references catalog_endpoints,
    version integer not null check (version > 0),
    price jsonb,
    known_from timestamptz not null,
    primary key (endpoint_id, version)
);

grant select on catalog_prices to sluicegate_app;
grant select, insert on catalog_prices to sluicegate_system;

insert into catalog_prices (endpoint_id, version, price, known_from)
select id, price_version, price, updated_at from catalog_endpoints;
