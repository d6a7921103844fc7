# fish completion of rs-agent, which knows itself what may be typed.
function __rs_agent_complete
    set -lx PATH $PATH /usr/local/sbin /usr/sbin
    set -l line (commandline --current-process --cut-at-cursor | string collect)
    set -l answer (rs-agent __complete fish "$line" 2>/dev/null)
    # An option and its file may be one word.
    set -l option (string match --regex -- '^--[^=]*=' (commandline --current-token --cut-at-cursor))
    set -l path (string replace --regex -- '^--[^=]*=' '' (commandline --current-token --cut-at-cursor))
    switch "$answer[1]"
        case files
            printf "$option%s\n" (__fish_complete_path "$path")
        case folders
            printf "$option%s\n" (__fish_complete_directories "$path" '')
        case '*'
            printf '%s\n' $answer[2..]
    end
end
complete --command rs-agent --no-files --keep-order --arguments '(__rs_agent_complete)'
