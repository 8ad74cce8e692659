// Stands for the PDF converter that an export starts: a program of its own that takes a while.
const [month, format] = process.argv.slice(2);
setTimeout(() => process.stdout.write(`invoices-${month}.${format}`), 120);
