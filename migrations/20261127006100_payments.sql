-- Payments for credit. A top-up is asked for by a tenant and credited when its payment arrives.
create table top_ups (
    id uuid primary key,
    organization_id uuid not null references organizations,
    amount_nanos bigint not null check (amount_nanos > 0 and amount_nanos < 9007199254740992),
    status text not null check (status in ('awaiting_payment', 'paid', 'failed')),
    -- The payment at its provider, once it is there.
    provider text,
    payment text,
    -- The transfer that credited it.
    transfer_id uuid,
    refunded_nanos bigint not null default 0 check (refunded_nanos between 0 and amount_nanos),
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    settled_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, transfer_id) references ledger_transfers (organization_id, id)
);
create index on top_ups (organization_id, id);
-- A payment credits one top-up.
create unique index top_ups_payment on top_ups (provider, payment) where payment is not null;

-- Events of payment providers, each taken once. Those that fit no top-up stay for an operator to look at.
create table payment_events (
    provider text not null,
    event_id text not null,
    organization_id uuid,
    kind text not null,
    top_up_id uuid,
    payment text,
    outcome text not null,
    -- What of a refund the credit could not cover, because it was used.
    short_nanos bigint not null default 0,
    received_at timestamptz not null,
    primary key (provider, event_id)
);
create index on payment_events (received_at);

select sluicegate_isolate('top_ups');
select sluicegate_isolate('payment_events');
grant select, insert, update on top_ups to sluicegate_app;
grant select, insert on payment_events to sluicegate_app;
