{
    "name": "Crab: page for phones",
    "summary": "Serves the built page of the shop at /m/",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_base"],
    "data": [],
}
