//! A pass of a task whose work goes on after it.

use std::time::Duration;

use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::exchanges::Exchanges;
use sluicegate_service_runtime::shutdown::Tasks;

/// One pass of the task that `make` makes, and everything it began.
pub async fn whole_pass<T: Task>(make: impl FnOnce(Exchanges) -> T) {
    let tasks = Tasks::new();
    let exchanges = Exchanges::new(tasks.clone(), T::NAME);
    make(exchanges.clone()).pass().await.unwrap();
    tasks.join(Duration::from_secs(60)).await.unwrap();
    exchanges.check().unwrap();
}
