# bash completion of rs-agent, which knows itself what may be typed.
_rs_agent() {
    local text answer
    text=$(PATH=$PATH:/usr/local/sbin:/usr/sbin rs-agent __complete bash \
        "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    mapfile -t answer <<<"$text"
    case ${answer[0]-} in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
    esac
    COMPREPLY=("${answer[@]:1}")
}
complete -F _rs_agent rs-agent
