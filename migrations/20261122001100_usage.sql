-- What requests did and cost. A row is identified by its request id; the day comes from that time-ordered id, never
-- from a clock, so a record that arrives twice always meets its twin in the same partition.
create table requests (
    day date not null,
    id uuid not null,
    organization_id uuid not null,
    project_id uuid not null,
    api_key_id uuid not null,
    worker_id uuid not null,
    epoch bigint not null,
    seq bigint not null,
    started_at timestamptz not null,
    operation text not null,
    model_requested text not null,
    model_served text,
    provider text,
    route_id uuid,
    route_slug text,
    route_version bigint,
    stream boolean not null,
    outcome text not null,
    status integer not null,
    error_code text,
    input_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    output_tokens bigint not null,
    reasoning_tokens bigint not null,
    cost_nanos bigint,
    cost_evidence text not null,
    first_byte_us bigint,
    overhead_us bigint not null,
    duration_us bigint not null,
    trace_id text,
    attempts jsonb not null,
    primary key (day, id)
) partition by range (day);
create index on requests (project_id, day, id);

-- The fold of `requests` by hour, kept in the transaction that inserts them. `model` is empty for requests that no
-- model served. An error is any outcome but served and client_gone.
create table usage_hourly (
    organization_id uuid not null,
    project_id uuid not null,
    hour timestamptz not null,
    model text not null,
    api_key_id uuid not null,
    requests bigint not null,
    errors bigint not null,
    input_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    output_tokens bigint not null,
    reasoning_tokens bigint not null,
    cost_nanos bigint not null,
    primary key (project_id, hour, model, api_key_id)
);

-- How far the records of each worker's epoch are accounted for: all up to `contiguous`, and the ranges in `islands`
-- (first and last position in turn). `gap_since` tells since when the first hole stands open.
create table usage_progress (
    worker_id uuid not null,
    epoch bigint not null,
    contiguous bigint not null default 0,
    islands bigint[] not null default '{}',
    gap_since timestamptz,
    updated_at timestamptz not null,
    primary key (worker_id, epoch)
);
create index on usage_progress (gap_since) where gap_since is not null;
create index on usage_progress (updated_at);

-- Records that could not be taken in, with the reason; kept for an operator, counted as accounted for.
create table usage_dead_letters (
    id uuid primary key,
    worker_id uuid,
    epoch bigint,
    seq bigint,
    organization_id uuid,
    entry text not null,
    deliveries bigint not null,
    reason text not null,
    body bytea not null,
    created_at timestamptz not null,
    constraint usage_dead_letters_once unique (worker_id, epoch, seq)
);

select sluicegate_isolate('requests');
select sluicegate_isolate('usage_hourly');
select sluicegate_isolate('usage_dead_letters', null);
grant select on requests, usage_hourly to sluicegate_app;
grant select, insert, update, delete on usage_progress to sluicegate_system;

-- Makes the partition of one day. Runs as the owner, because partitions are tables. Rows are reached through the
-- parent, whose policies hold; a partition itself is closed to everybody.
create function sluicegate_create_requests_partition(target date) returns boolean
    language plpgsql security definer
    set search_path = public, pg_temp
as $$
declare
    partition_name text := 'requests_' || to_char(target, 'YYYYMMDD');
begin
    if to_regclass(partition_name) is not null then
        return false;
    end if;
    execute format(
        'create table %I partition of requests for values from (%L) to (%L)',
        partition_name, target, target + 1
    );
    execute format('alter table %I enable row level security', partition_name);
    execute format('alter table %I force row level security', partition_name);
    return true;
exception when duplicate_table or unique_violation then
    return false;
end
$$;

revoke execute on function sluicegate_create_requests_partition(date) from public;
grant execute on function sluicegate_create_requests_partition(date) to sluicegate_system;
