# perl writer.pl OUT   (libexcel-writer-xlsx-perl)
use strict; use warnings; use utf8;
use Excel::Writer::XLSX;

my $wb = Excel::Writer::XLSX->new($ARGV[0]);
my $ws = $wb->add_worksheet('Orders');
my @texts = ('id', '상품 & <name>', ' padded ', "line\nbreak", '😀', '_x0041_');
my @numbers = (1, 0.1, -1234.5, 123456789012345, 1e-10, 1.5e20);
for my $i (0 .. 5) { $ws->write_string(0, $i, $texts[$i]); $ws->write_number(1, $i, $numbers[$i]); }
my @moments = (['2024-02-29T', 'yyyy-mm-dd'], ['2024-02-29T07:45', 'yyyy-mm-dd hh:mm'], ['T07:44:59', 'hh:mm:ss'],
    [undef, '[h]:mm'], ['1999-12-31T', 'mm-dd-yy']);
for my $i (0 .. $#moments) {
    my ($when, $code) = @{$moments[$i]};
    my $format = $wb->add_format(num_format => $code);
    defined $when ? $ws->write_date_time(2, $i, $when, $format) : $ws->write_number(2, $i, 36.5 / 24, $format);
}
$ws->write_boolean(3, 0, 1);
$ws->write_boolean(3, 1, 0);
$ws->write_formula(3, 2, '=NA()', undef, '#N/A');
$ws->write_formula(3, 3, '=1+1', undef, 2);
$ws->write_formula(3, 4, '="a"&"b"', undef, 'ab');
$ws->write_rich_string(6, 0, $wb->add_format(bold => 1), 'bold', ' and plain');
$ws->write(6, 2, 'after a gap');
$ws->merge_range('A8:C8', 'merged', $wb->add_format());
$ws->write(8, 0, 'hidden row');
$ws->set_row(8, undef, undef, 1);
my $hidden = $wb->add_worksheet('Hidden');
$hidden->write(0, 0, 'x');
$hidden->hide();
$wb->add_worksheet('Empty');
$wb->add_worksheet('Second')->write(1, 1, 'two');
$wb->close();
