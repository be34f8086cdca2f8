-- Whose share of a budget that everybody has alone an adjustment is of; empty: of every share, as before.
alter table budget_adjustments add column partition text not null default '';
