Report.places.start();
Report.charts.start();
document.documentElement.dataset.ready = "yes";
