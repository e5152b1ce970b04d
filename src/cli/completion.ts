import { Argument, type Command, type Option } from 'commander'
import { examples } from './flags.ts'

const SHELLS: Readonly<Record<string, (verbs: readonly Words[]) => string>> = { bash, zsh, fish }

/** `wampd completion`. */
export function completion(program: Command): void {
  program
    .command('completion')
    .summary('print a script that completes the command line')
    .description('Prints a script by which a shell completes verbs, flags and their values.')
    .addArgument(new Argument('<shell>', 'whose script').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      examples([
        ['source <(wampd completion bash)', 'in ~/.bashrc'],
        ['source <(wampd completion zsh)', 'in ~/.zshrc'],
        ['wampd completion fish | source', 'in ~/.config/fish/config.fish'],
      ]),
    )
    .action(shell => {
      process.stdout.write(SHELLS[shell]?.(program.commands.map(wordsOf)) ?? '')
    })
}

/** What can stand behind a verb. */
interface Words {
  readonly verb: string
  readonly summary: string
  readonly flags: readonly Option[]
  readonly values: readonly string[]
}

function wordsOf(verb: Command): Words {
  return {
    verb: verb.name(),
    summary: verb.summary(),
    flags: verb.createHelp().visibleOptions(verb),
    values: verb.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  }
}

/** File names complete by themselves, where there is no other word. */
function bash(verbs: readonly Words[]): string {
  const choices = new Map(
    verbs.flatMap(({ flags }) =>
      flags.flatMap(({ long, argChoices }) => (argChoices ? [[long, argChoices]] : [])),
    ) as [string, string[]][],
  )
  const lines = [...choices].map(([flag, words]) => `    ${flag}) words='${words.join(' ')}' ;;`)
  const longs = ({ flags }: Words) => flags.map(({ long }) => long).join(' ')
  const cases = verbs.map(
    one => `    ${one.verb}) words='${[longs(one), ...one.values].join(' ').trim()}' ;;`,
  )
  const names = verbs.map(({ verb }) => verb).join(' ')
  const dev = verbs.find(({ verb }) => verb === 'dev') as Words
  return `_wampd() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=
  case $before in
${lines.join('\n')}
    *) case \${COMP_WORDS[1]} in
${cases.join('\n').replaceAll(/^/gm, '  ')}
      *) words='${names} ${longs(dev)}' ;;
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _wampd wampd
`
}

function zsh(verbs: readonly Words[]): string {
  return `autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bash(verbs)}`
}

function fish(verbs: readonly Words[]): string {
  return verbs.flatMap(fishLines).join('\n').concat('\n')
}

function fishLines({ verb, summary, flags, values }: Words): string[] {
  const first = 'complete -c wampd -n __fish_use_subcommand'
  const behind = `complete -c wampd -n '__fish_seen_subcommand_from ${verb}'`
  const options = flags.map(({ long, description, argChoices, required }) => {
    const value = argChoices ? ` -x -a ${quoted(argChoices.join(' '))}` : required ? ' -r' : ''
    return `-l ${long?.slice(2)}${value} -d ${quoted(description)}`
  })
  return [
    `${first} -a ${verb} -d ${quoted(summary)}`,
    ...(values.length > 0 ? [`${behind} -f -a ${quoted(values.join(' '))}`] : []),
    ...options.map(option => `${behind} ${option}`),
    // The verb of development may be left out.
    ...(verb === 'dev' ? options.map(option => `${first} ${option}`) : []),
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}
