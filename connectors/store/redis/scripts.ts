import { createHash } from 'node:crypto'

/** A script for Redis, and the name by which it knows it. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') })

/**
 * Takes the fence: the next token, and no save under it yet. The token is a counter whose last 20 bits are drawn by
 * the owner, so that two owners never have the same one, even where a fail-over forgot a claim and the counter was
 * handed out twice.
 * KEYS: the fence. ARGV: the 20 bits.
 */
export const claimScript = script(`
local former = tonumber(string.match(redis.call('GET', KEYS[1]) or '0', '^%d+'))
local token = string.format('%.0f', (math.floor(former / 1048576) + 1) * 1048576 + ARGV[1])
redis.call('SET', KEYS[1], token .. ' 0')
return token
`)

/**
 * Writes the keys if the fence is still the owner's and stands between the last save that it knows of and this one.
 * Returns 1, or else the fence as it is.
 * KEYS: the fence, then the keys. ARGV: token, number of the last save that was acknowledged, number of this one,
 * lifetimes as pairs (so many keys, so many milliseconds; 0: for ever), then a value a key.
 */
export const saveScript = script(`
local fence = redis.call('GET', KEYS[1])
local token, last = string.match(fence or '', '^(%d+) (%d+)$')
last = tonumber(last)
if token ~= ARGV[1] or last < tonumber(ARGV[2]) or last > tonumber(ARGV[3]) then return fence end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[3])
local i = 2
for count, lifetime in string.gmatch(ARGV[4], '(%d+) (%d+)') do
  for _ = 1, tonumber(count) do
    if lifetime == '0' then
      redis.call('SET', KEYS[i], ARGV[i + 3])
    else
      redis.call('SET', KEYS[i], ARGV[i + 3], 'PX', lifetime)
    end
    i = i + 1
  end
end
return 1
`)
