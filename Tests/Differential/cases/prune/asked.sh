# what: the question of each, a no, and filters that do not go together
D container prune </dev/null
D volume prune </dev/null
D volume prune -a </dev/null
D network prune </dev/null
{
echo n | D container prune
}
D system prune -f --volumes --filter until=1h
D volume prune -af --filter all=1
D volume prune -f --filter all=1 --filter all=0
D volume prune -f --filter all=x
D volume prune -f --filter until=1h
D container prune -f --filter until=1h --filter until=2h
