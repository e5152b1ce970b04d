import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { Wampd } from './wampd.ts'

describe('command line: completion', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  it('completes verbs, flags and values in bash', async () => {
    const script = await wampd.output('completion', 'bash')
    const complete = (...words: string[]) => {
      const line = `${script}
COMP_WORDS=(wampd ${words.map(word => `'${word}'`).join(' ')}) COMP_CWORD=${words.length}
_wampd; echo "\${COMPREPLY[*]}"`
      return execFileSync('bash', ['-c', line], { encoding: 'utf8' }).trim()
    }
    expect(complete('st')).to.equal('start status stop')
    expect(complete('--lo')).to.equal('--log-level')
    expect(complete('start', '--w')).to.equal('--watch')
    expect(complete('stop', '--f')).to.equal('--final')
    expect(complete('start', '--transport', '')).to.equal('uws ws')
    expect(complete('--log-level', 'd')).to.equal('debug')
    expect(complete('init', '--template', 'p')).to.equal('production proxy')
    expect(complete('completion', '')).to.contain('bash zsh fish')
    // Then bash completes file names.
    expect(complete('check', 'wampd')).to.equal('')
    expect(complete('start', '--config', 'wampd')).to.equal('')
    // Flags of 0.1.0 are not offered.
    expect(complete('dev', '--fin')).to.equal('')
  })

  it('gives zsh the same, by its own support for bash', async () => {
    const [bash, zsh] = await Promise.all(
      ['bash', 'zsh'].map(shell => wampd.output('completion', shell)),
    )
    expect(zsh).to.match(/^autoload -U \+X compinit/)
    expect(zsh).to.contain(bash)
  })

  it('gives fish a line for each verb, flag and value, with quotes as they must be', async () => {
    const fish = await wampd.output('completion', 'fish')
    for (const line of fish.trimEnd().split('\n')) expect(line).to.match(/^complete -c wampd -n /)
    expect(fish).to.contain("-n __fish_use_subcommand -a start -d 'start a router as a conf")
    expect(fish).to.contain("-n '__fish_seen_subcommand_from start' -l transport -x -a 'uws ws' -d")
    expect(fish).to.contain('-n __fish_use_subcommand -l port -r -d')
    expect(fish).to.contain("-l socket -r -d 'the router\\'s control socket")
  })

  it('names the shells that it knows', async () => {
    const [line] = await wampd.failure(2, 'completion', 'tcsh')
    expect(line).to.contain('bash, zsh, fish')
  })
})
