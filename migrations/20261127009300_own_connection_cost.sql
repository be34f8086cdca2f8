-- What of a cost arose over connections of the tenant's own, which no prepaid credit pays. The rest arose over the host's.
alter table requests add column own_cost_nanos bigint not null default 0;
alter table usage_hourly add column own_cost_nanos bigint not null default 0;

-- The owner of the tables is bound by their policies, which know no tenant here.
alter table requests no force row level security;
alter table usage_hourly no force row level security;

update requests set own_cost_nanos = coalesce((
    select sum((attempt ->> 'cost')::bigint) from jsonb_array_elements(attempts) as attempt
    where attempt -> 'credit' is null
), 0);

update usage_hourly set own_cost_nanos = folded.own
from (
    select project_id, date_trunc('hour', started_at, 'UTC') as hour, coalesce(model_served, '') as model, api_key_id,
        sum(own_cost_nanos)::bigint as own
    from requests group by 1, 2, 3, 4
) as folded
where usage_hourly.project_id = folded.project_id and usage_hourly.hour = folded.hour
    and usage_hourly.model = folded.model and usage_hourly.api_key_id = folded.api_key_id;

alter table requests force row level security;
alter table usage_hourly force row level security;
