//! Rows of the ledger and what they mean in `metering::ledger`: movements, entries, accounts. The queries that `ledger`
//! and `ledger verify` share.

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::ledger::{Account, Entry, EntryKind, Lot, Movement, Rest, TransferId};
use uuid::Uuid;

use super::Connection;
use super::ledger::{entry_kind, transfer, uuid};
use crate::error::{Error, Result};

/// A movement as columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Which.
    pub kind: String,
    /// How much; none for a movement whose amount follows from the book.
    pub amount: Option<i64>,
    /// When the credit it brings expires.
    pub expires_at: Option<i64>,
    /// The lot, pending or transfer it is about.
    pub refers_to: Option<Uuid>,
    /// Whether what is not used stays in flight.
    pub carries: bool,
}

impl Columns {
    /// The columns of a movement.
    #[must_use]
    pub fn of(movement: Movement) -> Self {
        let plain = |kind: &str, amount: Option<NanoUsd>| Self {
            kind: kind.to_owned(),
            amount: amount.map(NanoUsd::nanos),
            expires_at: None,
            refers_to: None,
            carries: false,
        };
        let about = |kind, amount, id| Self {
            refers_to: Some(uuid(id)),
            ..plain(kind, amount)
        };
        let brings = |kind, amount, expires_at: Option<UnixMillis>| Self {
            expires_at: expires_at.map(UnixMillis::get),
            ..plain(kind, Some(amount))
        };
        match movement {
            Movement::TopUp { amount, expires_at } => brings("top_up", amount, expires_at),
            Movement::Grant { amount, expires_at } => brings("grant", amount, expires_at),
            Movement::Reserve { amount } => plain("reserve", Some(amount)),
            Movement::Settle { pending, used, rest } => Self {
                carries: rest == Rest::Carry,
                ..about("settle", Some(used), pending)
            },
            Movement::Charge { amount } => plain("charge", Some(amount)),
            Movement::WriteOff { amount } => plain("write_off", Some(amount)),
            Movement::Refund { lot, amount } => about("refund", Some(amount), lot),
            Movement::Expire => plain("expire", None),
            Movement::AdjustUp { amount } => plain("adjust_up", Some(amount)),
            Movement::AdjustDown { amount } => plain("adjust_down", Some(amount)),
            Movement::Reverse { transfer } => about("reverse", None, transfer),
        }
    }

    /// The movement they stand for.
    ///
    /// # Errors
    /// Internal, when they stand for none.
    pub fn movement(&self) -> Result<Movement> {
        let broken = || Error::internal("a transfer of the ledger cannot be read");
        let amount = || self.amount.map(NanoUsd::from_nanos).ok_or_else(broken);
        let about = || self.refers_to.map(transfer).ok_or_else(broken);
        let expires_at = self.expires_at.map(UnixMillis::new);
        Ok(match self.kind.as_str() {
            "top_up" => Movement::TopUp {
                amount: amount()?,
                expires_at,
            },
            "grant" => Movement::Grant {
                amount: amount()?,
                expires_at,
            },
            "reserve" => Movement::Reserve { amount: amount()? },
            "settle" => Movement::Settle {
                pending: about()?,
                used: amount()?,
                rest: if self.carries { Rest::Carry } else { Rest::Return },
            },
            "charge" => Movement::Charge { amount: amount()? },
            "write_off" => Movement::WriteOff { amount: amount()? },
            "refund" => Movement::Refund {
                lot: about()?,
                amount: amount()?,
            },
            "expire" => Movement::Expire,
            "adjust_up" => Movement::AdjustUp { amount: amount()? },
            "adjust_down" => Movement::AdjustDown { amount: amount()? },
            "reverse" => Movement::Reverse { transfer: about()? },
            _ => return Err(broken()),
        })
    }
}

/// The account of this name.
///
/// # Errors
/// Internal, when there is none.
pub fn account(name: &str) -> Result<Account> {
    let mut all = Account::ALL.into_iter();
    all.find(|account| account.as_str() == name)
        .ok_or_else(|| Error::internal("an unknown account of the ledger"))
}

/// Entries, column by column.
#[derive(Debug, Default)]
pub struct StoredEntry {
    numbers: Vec<i64>,
    transfers: Vec<Uuid>,
    kinds: Vec<String>,
    pendings: Vec<Option<Uuid>>,
    debits: Vec<String>,
    credits: Vec<String>,
    amounts: Vec<i64>,
    lots: Vec<Option<Uuid>>,
}

impl StoredEntry {
    /// Adds an entry at its place in the book.
    pub fn push(&mut self, number: i64, entry: &Entry) {
        let (kind, pending) = entry_kind(entry.kind);
        self.numbers.push(number);
        self.transfers.push(uuid(entry.transfer));
        self.kinds.push(kind.to_owned());
        self.pendings.push(pending);
        self.debits.push(entry.debit.as_str().to_owned());
        self.credits.push(entry.credit.as_str().to_owned());
        self.amounts.push(entry.amount.nanos());
        self.lots.push(entry.lot.map(|lot| uuid(lot.id)));
    }
}

/// Adds entries to a book.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert_entries(
    connection: &mut Connection,
    organization: Uuid,
    rows: &StoredEntry,
) -> Result<()> {
    sqlx::query!(
        "insert into ledger_entries
            (organization_id, number, transfer_id, kind, pending_id, debit, credit, amount_nanos, lot_id)
         select $1, * from unnest(
            $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::bigint[], $9::uuid[]
         )",
        organization,
        &rows.numbers,
        &rows.transfers,
        &rows.kinds,
        &rows.pendings as &[Option<Uuid>],
        &rows.debits,
        &rows.credits,
        &rows.amounts,
        &rows.lots as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The transfer of this cause, and what it was.
///
/// # Errors
/// When Postgres refuses.
pub async fn by_key(
    connection: &mut Connection,
    organization: Uuid,
    key: &str,
) -> Result<Option<(TransferId, Movement)>> {
    let row = sqlx::query!(
        "select id, kind, amount_nanos, expires_at, refers_to, carries from ledger_transfers
         where organization_id = $1 and idempotency_key = $2",
        organization,
        key,
    );
    let Some(row) = row.fetch_optional(connection).await? else {
        return Ok(None);
    };
    let columns = Columns {
        kind: row.kind,
        amount: row.amount_nanos,
        expires_at: row.expires_at,
        refers_to: row.refers_to,
        carries: row.carries,
    };
    Ok(Some((transfer(row.id), columns.movement()?)))
}

/// What a transfer was, and whether it has been reversed.
///
/// # Errors
/// When Postgres refuses.
pub async fn by_id(
    connection: &mut Connection,
    organization: Uuid,
    id: TransferId,
) -> Result<Option<(Movement, bool)>> {
    let row = sqlx::query!(
        r#"select kind, amount_nanos, expires_at, refers_to, carries, exists (
            select from ledger_transfers reversal
            where reversal.organization_id = $1 and reversal.kind = 'reverse' and reversal.refers_to = $2
         ) as "is_reversed!" from ledger_transfers where organization_id = $1 and id = $2"#,
        organization,
        uuid(id),
    );
    let Some(row) = row.fetch_optional(connection).await? else {
        return Ok(None);
    };
    let columns = Columns {
        kind: row.kind,
        amount: row.amount_nanos,
        expires_at: row.expires_at,
        refers_to: row.refers_to,
        carries: row.carries,
    };
    Ok(Some((columns.movement()?, row.is_reversed)))
}

/// The entries of a transfer, in order.
///
/// # Errors
/// When Postgres refuses.
pub async fn entries_of(
    connection: &mut Connection,
    organization: Uuid,
    id: TransferId,
) -> Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        Row,
        "select number, transfer_id, kind, pending_id, debit, credit, amount_nanos, lot_id, expires_at as lot_expires_at
         from ledger_entries left join credit_lots
            on credit_lots.organization_id = ledger_entries.organization_id and credit_lots.id = lot_id
         where ledger_entries.organization_id = $1 and transfer_id = $2 order by number",
        organization,
        uuid(id),
    );
    let rows = rows.fetch_all(connection).await?;
    rows.into_iter().map(|row| Ok(row.entry()?.1)).collect()
}

/// Entries of a book after a number, in order, with their numbers.
///
/// # Errors
/// When Postgres refuses.
pub async fn entries_after(
    connection: &mut Connection,
    organization: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Entry)>> {
    let rows = sqlx::query_as!(
        Row,
        "select number, transfer_id, kind, pending_id, debit, credit, amount_nanos, lot_id, expires_at as lot_expires_at
         from ledger_entries left join credit_lots
            on credit_lots.organization_id = ledger_entries.organization_id and credit_lots.id = lot_id
         where ledger_entries.organization_id = $1 and number > $2 order by number limit $3",
        organization,
        after,
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    rows.into_iter().map(Row::entry).collect()
}

struct Row {
    number: i64,
    transfer_id: Uuid,
    kind: String,
    pending_id: Option<Uuid>,
    debit: String,
    credit: String,
    amount_nanos: i64,
    lot_id: Option<Uuid>,
    lot_expires_at: Option<i64>,
}

impl Row {
    fn entry(self) -> Result<(i64, Entry)> {
        let pending = self.pending_id.map(transfer);
        let kind = match (self.kind.as_str(), pending) {
            ("single", None) => EntryKind::Single,
            ("pending", None) => EntryKind::Pending,
            ("post", Some(pending)) => EntryKind::Post { pending },
            ("void", Some(pending)) => EntryKind::Void { pending },
            _ => return Err(Error::internal("an entry of the ledger cannot be read")),
        };
        let entry = Entry {
            transfer: transfer(self.transfer_id),
            kind,
            debit: account(&self.debit)?,
            credit: account(&self.credit)?,
            amount: NanoUsd::from_nanos(self.amount_nanos),
            lot: self.lot_id.map(|id| Lot {
                id: transfer(id),
                expires_at: self.lot_expires_at.map(UnixMillis::new),
            }),
        };
        Ok((self.number, entry))
    }
}
