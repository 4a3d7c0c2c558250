//! The networks have as many parameters as published.

use arcmin_nn::networks::{
    DeepszResnet, DeepszResnetConfig, MResUNet, MResUNetConfig, Network, PlanckVgg, PlanckVggConfig, UNet, UNetConfig,
    UNetForm,
};

#[test]
fn networks_have_the_published_number_of_parameters() -> arcmin_nn::Result<()> {
    let later = UNetConfig { form: UNetForm::TransposeConv, ..UNetConfig::default() };
    let counts = [
        ("mresunet", MResUNet::new(&MResUNetConfig::default())?.parameters().n_trained(), 16_385_153),
        ("deepsz_resnet", DeepszResnet::new(&DeepszResnetConfig::default())?.parameters().n_trained(), 9_695_938),
        ("planck_vgg", PlanckVgg::new(&PlanckVggConfig::default())?.parameters().n_trained(), 58_437),
        ("unet of 2018", UNet::new(&UNetConfig::default())?.parameters().n_trained(), 3_348_227),
        ("later unet", UNet::new(&later)?.parameters().n_trained(), 7_756_097),
    ];
    for (name, got, expected) in counts {
        assert_eq!(got, expected, "{name}");
    }
    Ok(())
}
