-- Thresholds that spending has reached: each once for a budget, a window and a partition. Written by the ingester, in the
-- transaction that adds the spending.
create table budget_alerts (
    id uuid primary key,
    organization_id uuid not null,
    budget_id uuid not null,
    -- Milliseconds since the Unix epoch.
    period_start bigint not null,
    partition text not null,
    threshold smallint not null check (threshold between 1 and 100),
    -- The limit, and what was spent of it, when the threshold was found to be reached.
    limit_nanos bigint not null,
    settled_nanos bigint not null,
    fired_at timestamptz not null,
    constraint budget_alerts_once unique (budget_id, period_start, partition, threshold),
    foreign key (organization_id, budget_id) references budgets (organization_id, id)
);
create index on budget_alerts (organization_id, id);

select sluicegate_isolate('budget_alerts');
grant select on budget_alerts to sluicegate_app;
