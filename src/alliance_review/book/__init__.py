"""From stored chapters to the website and the PDF, and the command line behind `make`."""
