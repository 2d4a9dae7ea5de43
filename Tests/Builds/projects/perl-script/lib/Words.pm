package Words;
sub count { my %n; $n{$_}++ for split ' ', $_[0]; return join ' ', map { "$_=$n{$_}" } sort keys %n }
1;
