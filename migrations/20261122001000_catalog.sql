-- Models and the priced ways to reach them. Platform data: every tenant reads it, only the import writes it.
create table catalog_models (
    id text primary key check (id like '%_/_%'),
    name text not null,
    context_window bigint check (context_window > 0),
    max_output_tokens bigint check (max_output_tokens > 0),
    input_modalities text[] not null,
    output_modalities text[] not null,
    updated_at timestamptz not null
);

-- `price` is the price card without its version (pico-USD per token); `price_version` counts its changes.
create table catalog_endpoints (
    id uuid primary key,
    model_id text not null references catalog_models,
    provider text not null,
    upstream_model text not null,
    region text,
    operations text[] not null check (cardinality(operations) > 0),
    price jsonb,
    price_version integer not null check (price_version > 0),
    context_window bigint check (context_window > 0),
    max_output_tokens bigint check (max_output_tokens > 0),
    status text not null default 'active' check (status in ('active', 'disabled')),
    updated_at timestamptz not null,
    constraint catalog_endpoints_once unique nulls not distinct (provider, upstream_model, region)
);
create index on catalog_endpoints (model_id);

grant select on catalog_models, catalog_endpoints to sluicegate_app;
grant select, insert, update, delete on catalog_models, catalog_endpoints to sluicegate_system;
