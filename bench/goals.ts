/** A row of the table: what is measured, and what to reach. */
export interface Goal {
  work: string
  unit: string
  /** What the limit is, where there is one: the ratio is then what counts, else the figure. */
  limit?: string
  /** Left out where the figure is only told. */
  reach?: number
  stretch?: number
  /** Whether more is better. */
  more?: boolean
}

const thousands = 'POST of 1,000 records, 1 connection'
const perSecond = 'requests/s'

/** The rows by number; those with a letter belong to the same work. */
export const goals: Record<string, Goal> = {
  '1': {
    work: `${thousands}, empty store`,
    unit: 'records/s',
    limit: 'L1 raw inserts',
    reach: 0.3,
    stretch: 0.6,
    more: true,
  },
  '2': { work: 'server CPU of such a POST', unit: 'ms', reach: 6, stretch: 4 },
  '3': {
    work: `${thousands}, last tenth of 1M`,
    unit: 'records/s',
    limit: 'first 100k',
    reach: 0.85,
    stretch: 0.95,
    more: true,
  },
  '3b': { work: 'p99 of all these POSTs', unit: 'ms', limit: 'p50', reach: 4, stretch: 2.5 },
  '4': {
    work: 'POST of 1 record, 1 connection',
    unit: perSecond,
    limit: 'L2 raw commits',
    reach: 0.5,
    stretch: 0.6,
    more: true,
  },
  '5': {
    work: 'POST of 1 record, 64 connections',
    unit: perSecond,
    limit: 'L3 tiny GET',
    reach: 0.4,
    stretch: 0.6,
    more: true,
  },
  '6': {
    work: 'GET take=1000, 4 connections',
    unit: perSecond,
    limit: 'L4 bodies built',
    reach: 0.75,
    stretch: 1.2,
    more: true,
  },
  '6b': { work: 'server CPU of such a GET', unit: 'ms', limit: 'ms of L4' },
  '7': {
    work: 'GET skip=500000&take=1000 of 1M',
    unit: 'ms',
    limit: 'skip=0',
    reach: 1.5,
    stretch: 1.2,
  },
  '7b': { work: 'GET skip=500000&take=1', unit: 'ms', limit: 'skip=0' },
  '8': {
    work: 'GET take=1000 orderBy a field that jumps about, 1M',
    unit: 'ms',
    limit: 'newest first',
    reach: 1.3,
    stretch: 1.1,
  },
  '8b': {
    work: 'GET take=1000 orderBy a field that grows, 1M',
    unit: 'ms',
    limit: 'newest first',
    reach: 1.3,
    stretch: 1.1,
  },
  '8c': {
    work: 'the first orderBy a field that jumps about',
    unit: 'ms',
    limit: 'raw scan and sort',
    reach: 1.3,
    stretch: 1,
  },
  '8d': {
    work: 'the first orderBy a field that grows',
    unit: 'ms',
    limit: 'raw scan and sort',
    reach: 1.3,
    stretch: 1,
  },
  '8e': { work: 'until its keys are made: field that jumps about', unit: 's' },
  '8f': { work: 'until its keys are made: field that grows', unit: 's' },
  '9': { work: 'bytes on disk over compact JSON bytes', unit: '', reach: 1.5, stretch: 0.35 },
  '10': { work: 'memory of an idle server', unit: 'MB', reach: 110, stretch: 80 },
  '10b': { work: 'most memory during a POST of 100 MB', unit: 'MB', reach: 180, stretch: 130 },
  '10c': { work: 'start to first answer, second start', unit: 'ms', reach: 400, stretch: 200 },
  '10d': { work: 'such a POST', unit: 's' },
  '11': { work: 'p99 of GET take=1 while 1M records are sorted', unit: 'ms', reach: 20, stretch: 5 },
  '11b': { work: 'p99 of GET take=1 while their keys are made', unit: 'ms' },
  '12': {
    work: `${thousands}, PostgreSQL`,
    unit: 'records/s',
    limit: 'raw unnest inserts',
    reach: 0.5,
    stretch: 0.7,
    more: true,
  },
  '12b': {
    work: 'POST of 1 record, 16 connections, PostgreSQL',
    unit: perSecond,
    limit: 'raw pool commits',
    reach: 0.8,
    stretch: 2,
    more: true,
  },
  '13': {
    work: 'POST of 1 record, 64 connections, with the ledger',
    unit: perSecond,
    limit: 'without',
    reach: 0.8,
    stretch: 0.9,
    more: true,
  },
  '13b': {
    work: 'POST of 1 record, 1 connection, with the ledger',
    unit: perSecond,
    limit: 'without',
    reach: 0.85,
    stretch: 0.95,
    more: true,
  },
  '13c': {
    work: 'GET take=1000 by an application, 4 connections, with the ledger',
    unit: perSecond,
    limit: 'without',
    reach: 0.6,
    stretch: 0.8,
    more: true,
  },
  '14': {
    work: 'first filter by a field, 1 of 1M passes',
    unit: 'ms',
    limit: 'raw scan',
    reach: 2,
    stretch: 1.3,
  },
  '14b': { work: 'the same later', unit: 'ms', limit: 'GET take=1', reach: 3, stretch: 1.5 },
  '14c': { work: 'filter by a part of a date, none of 1M passes', unit: 'ms' },
  '14d': { work: 'p99 of GET take=1 meanwhile', unit: 'ms', reach: 20, stretch: 5 },
  '15': {
    work: 'bundle: 100 records of each of five endpoints, mapped',
    unit: 'ms',
    limit: 'five GETs',
    reach: 2,
    stretch: 1,
  },
  '16': {
    work: 'values of a data debit: 1,000 records, mapped, by an application',
    unit: 'ms',
    limit: 'the bundle',
    reach: 2,
    stretch: 1.3,
  },
}
