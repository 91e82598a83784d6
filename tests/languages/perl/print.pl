# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Prints the exchanges of fixture.pm as tests/rows.py does.
use strict;
use warnings FATAL => 'all';

use lib '.';
require './fixture.pm';

sub spell {
    my ($side) = @_;
    my @messages = ref $side ? @$side : grep { defined } $side;
    my @spelt = map { length $_ ? unpack( 'H*', $_ ) : '-' } @messages;
    return @spelt ? join( ',', @spelt ) : 'none';
}

no warnings 'once';
print spell( $_->{REQUEST} ), ' ', spell( $_->{RESPONSE} ), "\n" for TABLES;
