Report.places.start();
Report.charts.start();
Report.tree.start();
document.documentElement.dataset.ready = "yes";
