use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use crate::web::asked::strange;
use crate::web::problem::Problem;

/// By which parameters of the query each operation is asked, by its path.
#[derive(Debug, Default)]
pub struct Known {
    get: HashMap<String, Vec<String>>,
    post: HashMap<String, Vec<String>>,
}

impl Known {
    /// Those that the document names.
    pub fn of(document: &OpenApi) -> Self {
        let mut known = Self::default();
        for (path, item) in &document.paths.paths {
            known.get.extend(item.get.as_ref().map(|operation| (path.clone(), names(operation))));
            known.post.extend(item.post.as_ref().map(|operation| (path.clone(), names(operation))));
        }
        known
    }

    fn names(&self, method: &Method, path: &str) -> Option<&[String]> {
        let of = if *method == Method::POST { &self.post } else { &self.get };
        of.get(path).map(Vec::as_slice)
    }
}

fn names(operation: &Operation) -> Vec<String> {
    let name = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(Parameter { name, parameter_in: ParameterIn::Query, .. }) => Some(name.clone()),
        // None is by reference.
        _ => None,
    };
    operation.parameters.iter().flatten().filter_map(name).collect()
}

/// What an operation is not asked by is refused: passed over, it would have more answered than was wanted.
pub async fn refuse_strange(State(known): State<Arc<Known>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    let names = known.names(request.method(), path);
    match names.and_then(|names| strange(request.uri(), names)) {
        Some(why) => Problem::bad_request(why).into_response(),
        None => next.run(request).await,
    }
}
