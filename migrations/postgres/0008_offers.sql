-- What has to be offered comes first in its index, whether it was never offered or its offer is over.
DROP INDEX jobs_to_offer;
CREATE INDEX jobs_to_offer ON jobs (coalesce(offered_until, 0)) WHERE state = 'queued';
