"""Short programs in several languages, with bodies to fill in."""

from __future__ import annotations

from typing import Final

BODY: Final = "{body}"
"""Stands where a body of some lines belongs."""

PROGRAMS: Final = {
    "a.js": """\
class Ledger extends Base {
  constructor (rates) {
{body}
  }

  async settle (account, amount = 100) {
{body}
    throw new Error('out of balance')
  }
}
const parse = async (line) => {
{body}
}
module.exports = { parse }
""",
    "a.ts": """\
export interface Rate {
  readonly code: string;
}
export async function settle<T>(
  account: T,
  amount = 100,
): Promise<void> {
{body}
  throw new Error('out of balance');
}
export class Ledger {
  get total(): number {
{body}
  }
}
""",
    "a.go": """\
package ledger

type Rate struct {
	Code string
}

func (l *Ledger) Settle(account string) (int, error) {
{body}
	return 0, errors.New("out of balance")
}

func parse(s string) {
{body}
}
""",
    "a.rs": """\
pub struct Rate {
    code: String,
}

impl Ledger {
    pub fn settle<'a>(
        &self,
        account: &'a str,
    ) -> u32 {
{body}
        panic!("out of balance")
    }
}
""",
    "A.java": """\
package ledger;

public class Ledger {
    private int limit = 7;

    @Override
    public void settle(String account) throws Unsettled {
{body}
        throw new Unsettled("out of balance");
    }
}
""",
    "a.c": """\
#include <stdio.h>
#define LIMIT 7

static int
settle(struct ledger *book,
       int amount)
{
{body}
    fatal("out of balance");
}
""",
    "a.cpp": """\
namespace money {
class Ledger : public Base {
 public:
  int limit = 7;
};
Ledger::Ledger(int limit)
    : limit_(limit) {
{body}
}
void Ledger::settle(int amount) const {
{body}
    throw Unsettled("out of balance");
}
}
""",
    "A.cs": """\
using System;

namespace Money
{
    public class Ledger
    {
        public int Limit { get; set; } = 7;
        public async Task Settle(string account)
        {
{body}
            throw new Unsettled("out of balance");
        }
    }
}
""",
    "a.rb": """\
require 'set'

class Ledger < Base
  LIMIT = 7

  def settle(account, amount: 100)
{body}
    raise Unsettled, 'out of balance'
  end
end
""",
    "a.php": """\
<?php
class Ledger {
    private $limit = 7;
    public function settle(string $account): void {
{body}
        throw new Unsettled('out of balance');
    }
}
""",
}
"""Programs by the name of their file; each says `out of balance` in the end."""

HEADS: Final = {
    "a.js": "  async settle (account, amount = 100) {",
    "a.ts": "  amount = 100,",
    "a.go": "func (l *Ledger) Settle(account string) (int, error) {",
    "a.rs": "        account: &'a str,",
    "A.java": "    public void settle(String account) throws Unsettled {",
    "a.c": "       int amount)",
    "a.cpp": "    : limit_(limit) {",
    "A.cs": "        public async Task Settle(string account)",
    "a.rb": "  def settle(account, amount: 100)",
    "a.php": "    public function settle(string $account): void {",
}
"""A line of the head of a function in each of them."""
