"""What was measured, judged and compared, drawn for a person: in the terminal and as one HTML page.

The top layer below the command line. It reads the records of the other layers
(`rectifier.watch.record`, `rectifier.doctor.finding`, `rectifier.doctor.outcome`,
`rectifier.compare.result`, the card of `rectifier.analysis`) and computes nothing that is not about
drawing. No framework is imported, and no optional package before something is drawn.

* `rectifier.report.terminal`: ``print_run``, ``print_repair``, ``print_comparison``,
  ``print_list``, ``print_card`` (needs rich).
* `rectifier.report.page`: ``write_run``, ``write_repair``, ``write_comparison``, ``write_card``,
  ``write_card_png`` (need jinja2 and matplotlib).
* `rectifier.report.output`: ``check_writable``, to learn before a long run that its report has a
  place.
"""
