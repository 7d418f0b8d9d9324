//! Walks in SQL, for both kinds of database.

use sqlx::{Database, Encode, QueryBuilder, Type};
use uuid::Uuid;

use super::{Condition, Strand, Table, Value, Walk};

/// What differs between databases.
pub(in crate::store) trait Dialect: Database {
    /// Where the rows stand.
    fn table(of: Table) -> &'static str;

    /// Before the strand of an account `s.account`, and behind it, where there is one for each of several.
    fn each(of: Table) -> (&'static str, &'static str);

    /// Whether the order that an index yields has to be asked for, its first column included. Else a planner may take the index
    /// of places alone, since it expects to find what is frequent there soon; what was frequent long ago it would look for in
    /// all that came since.
    const BY_THE_INDEX: bool;

    /// What of each row the strand of one of several accounts says.
    const OF_EACH: &'static str;

    fn push_id(sql: &mut QueryBuilder<Self>, id: Uuid);
}

/// The rows that are walked along, not farther than the bound, and meet the rest.
pub(in crate::store) fn rows<DB: Dialect>(
    sql: &mut QueryBuilder<DB>,
    walk: &Walk,
    reach: u32,
    bound: Option<i64>,
    limit: u32,
) where
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    if walk.is_straight() && walk.accounts_of.is_none() && walk.strands.len() == 1 {
        return strand(sql, walk, 0, "*", "", Take::First(reach));
    }
    sql.push("SELECT * FROM (");
    match walk.accounts_of {
        Some(token) => {
            let (before, behind) = DB::each(walk.table);
            sql.push("SELECT l.* FROM shares AS s CROSS JOIN ").push(before);
            strand(sql, walk, 0, DB::OF_EACH, " AND account = s.account", Take::First(reach));
            sql.push(behind).push("s.token = ");
            DB::push_id(sql, token);
        }
        None => strands(sql, "*", walk, Take::First(reach)),
    }
    sql.push(") AS walked WHERE TRUE");
    if let Some(bound) = bound {
        sql.push(" AND seq >= ").push_bind(bound);
    }
    for condition in &walk.rest {
        push(sql, condition);
    }
    let ordered = walk.accounts_of.is_none() && walk.strands.len() == 1;
    in_order(sql, if ordered { &walk.strands[0].at } else { &[] });
    sql.push(" LIMIT ").push(limit);
}

/// Newest first: of one strand, in the order in which it is walked.
fn in_order<DB: Dialect>(sql: &mut QueryBuilder<DB>, at: &[(&'static str, Value)]) {
    sql.push(" ORDER BY ");
    if let Some((column, _)) = at.first().filter(|_| DB::BY_THE_INDEX) {
        sql.push(*column).push(" DESC, ");
    }
    sql.push("seq DESC");
}

/// The place at which the first of the strands has come as far as it reaches; none, if each ends before.
pub(in crate::store) fn bound<DB: Dialect>(walk: &Walk, reach: u32) -> QueryBuilder<DB>
where
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    // The filter leaves nothing out. Without one, PostgreSQL plans all strands once more, to see whether an index has the greatest.
    let mut sql = QueryBuilder::new("SELECT max(seq) FILTER (WHERE seq IS NOT NULL) FROM (");
    match walk.accounts_of {
        Some(token) => {
            sql.push("SELECT (");
            strand(&mut sql, walk, 0, "seq", " AND account = s.account", Take::Last(reach));
            sql.push(") AS seq FROM shares AS s WHERE s.token = ");
            DB::push_id(&mut sql, token);
        }
        None => strands(&mut sql, "seq", walk, Take::Last(reach)),
    }
    sql.push(") AS reached");
    sql
}

/// How many accounts are shared with the token, but not more than are counted.
pub(in crate::store) fn accounts<DB: Dialect>(token: Uuid) -> QueryBuilder<DB> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM shares WHERE token = ");
    DB::push_id(&mut sql, token);
    sql.push(" LIMIT ").push(super::ACCOUNTS + 1).push(") AS counted");
    sql
}

/// What of a strand is wanted.
#[derive(Clone, Copy)]
enum Take {
    /// Its first rows.
    First(u32),
    /// Of its first rows, the last.
    Last(u32),
}

fn strands<DB: Dialect>(sql: &mut QueryBuilder<DB>, what: &str, walk: &Walk, take: Take)
where
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    for nth in 0..walk.strands.len() {
        sql.push(if nth > 0 { " UNION ALL " } else { "" }).push("SELECT * FROM (");
        strand(sql, walk, nth, what, "", take);
        sql.push(") AS strand");
    }
}

fn strand<DB: Dialect>(sql: &mut QueryBuilder<DB>, walk: &Walk, nth: usize, what: &str, of: &str, take: Take)
where
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    sql.push("SELECT ").push(what).push(" FROM ").push(DB::table(walk.table)).push(" WHERE TRUE").push(of);
    let Strand { at, also } = &walk.strands[nth];
    for (nth, (column, value)) in at.iter().enumerate() {
        sql.push(" AND ").push(*column);
        if DB::BY_THE_INDEX && nth == 0 {
            // One of one value: a planner that saw it to be one only would see that it orders nothing. That it is not null
            // tells which index holds it.
            sql.push(" IS NOT NULL AND ").push(*column).push(" = ANY (ARRAY[");
            bind(sql, value);
            sql.push("])");
        } else {
            sql.push(" = ");
            bind(sql, value);
        }
    }
    if let Some(before) = walk.before {
        sql.push(" AND seq < ").push_bind(before);
    }
    if let Some(after) = walk.after {
        sql.push(" AND seq > ").push_bind(after);
    }
    for condition in also {
        push(sql, condition);
    }
    in_order(sql, at);
    // Numbers rather than parameters: a planner is to know that a page is wanted, not all.
    sql.push(" LIMIT ");
    match take {
        Take::First(rows) => sql.push(rows),
        Take::Last(row) => sql.push("1 OFFSET ").push(row.saturating_sub(1)),
    };
}

fn push<DB: Dialect>(sql: &mut QueryBuilder<DB>, condition: &Condition)
where
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    sql.push(" AND ");
    match condition {
        Condition::Said(words) => {
            sql.push(words);
        }
        Condition::Of(what, value) => {
            sql.push(*what);
            bind(sql, value);
        }
        Condition::SharedWith(token) => {
            sql.push("account IN (SELECT account FROM shares WHERE token = ");
            DB::push_id(sql, *token);
            sql.push(")");
        }
    }
}

fn bind<DB: Dialect>(sql: &mut QueryBuilder<DB>, value: &Value)
where
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    match value {
        Value::Text(text) => {
            sql.push_bind(text.clone());
        }
        Value::Int(int) => {
            sql.push_bind(*int);
        }
        Value::Id(id) => DB::push_id(sql, *id),
    }
}
