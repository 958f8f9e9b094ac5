use actix_web::get;
use actix_web::web::{Data, Json};
use futures_util::StreamExt as _;
use utoipa::IntoParams;

use crate::app::{Service, Unavailable};
use crate::base_models::facets::{self, FacetNames, Facets, RangeFacet, ValueFacet};
use crate::base_models::filter::{Field, Filter, Kind};
use crate::base_models::listing::read_search;
use crate::base_models::words::Wanted;
use crate::error::ApiResult;
use crate::extract::{Parameters, Query, ValidQuery};

/// Facets of one request that are counted at the same time.
const AT_ONCE: usize = 3;

/// Which facets, of which records.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FacetQuery {
    #[param(ignore)]
    filter: Filter,
    /// Words that the records have to hold, as in the list.
    #[param(rename = "q", required = false, value_type = String, min_length = 1, max_length = 200, example = "qwen instruct")]
    wanted: Option<Wanted>,
    #[param(ignore)]
    facets: Vec<&'static Field>,
}

impl Query for FacetQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self { filter: Filter::read(parameters), wanted: read_search(parameters), facets: facets::read(parameters) }
    }
}

/// Count what there is
///
/// For each field its values with how many base models have them, and the bounds of numbers, under the same filters as the
/// list. Each facet leaves out what its own parameters say, so that the other values are still there to choose.
#[utoipa::path(
    tag = "base models",
    params(FacetQuery, Filter, FacetNames),
    responses((status = OK, body = Facets, description = "Values and bounds of the fields"), Unavailable)
)]
#[get("/base-models/facets")]
pub async fn get_facets(service: Data<Service>, ValidQuery(query): ValidQuery<FacetQuery>) -> ApiResult<Json<Facets>> {
    let FacetQuery { filter, wanted, facets: asked } = query;
    let database = &service.database;
    let whole = facets::conditions(&filter, wanted.as_ref(), None);
    let mut answer =
        Facets { total: database.read(async |db| facets::total(&whole, db).await).await?, ..Facets::default() };
    // Each a statement with its own limit, and on a connection of its own: the embedded database has one, for others too.
    let facets = asked.into_iter().map(async |field| {
        let conditions = facets::conditions(&filter, wanted.as_ref(), Some(field));
        match field.kind {
            Kind::Count { .. } => {
                database.read(async |db| facets::range(field, &conditions, db).await).await.map(Facet::Range)
            }
            _ => database.read(async |db| facets::values(field, &conditions, db).await).await.map(Facet::Values),
        }
    });
    let mut facets = futures_util::stream::iter(facets).buffered(AT_ONCE);
    while let Some(facet) = facets.next().await {
        match facet? {
            Facet::Range(range) => answer.ranges.push(range),
            Facet::Values(values) => answer.values.push(values),
        }
    }
    Ok(Json(answer))
}

enum Facet {
    Range(RangeFacet),
    Values(ValueFacet),
}
