-- Who asked may have said a secret, which is masked when a worker opens the account: of an attempt that is under way that
-- much can be rewritten, and nothing else.
DROP TRIGGER attempts_fixed ON attempts_under_way;
CREATE TRIGGER attempts_fixed BEFORE UPDATE ON attempts_under_way FOR EACH ROW
WHEN (to_jsonb(OLD) - 'requested_by'::text IS DISTINCT FROM to_jsonb(NEW) - 'requested_by'::text)
EXECUTE FUNCTION turnlock_refuse('an attempt that is under way cannot be rewritten');
